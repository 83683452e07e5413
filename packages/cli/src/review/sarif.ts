/** A review as SARIF 2.1.0 (OASIS), for code scanning: with the way from where state is made to where it grows. */
import plugin from '@ebb/eslint-plugin';
import { pathToFileURL } from 'node:url';
import type { Spot } from '@ebb/eslint-plugin';
import type { Location, Log, Result } from 'sarif';
import { sarifLog } from '../wording/sarif-log.ts';
import type { Review, ReviewFinding } from './review.ts';

const DIFF_RULES: Record<string, string> = {
  'diff/removal-gone': 'A change took away what removed from a collection',
  'diff/bound-gone': 'A change took away the bound of a collection',
  'diff/longer-lived': 'A change made state live as long as the process',
  'diff/listener-stays': 'A change took away what removed listeners',
  'diff/interval-stays': 'A change took away what cleared an interval',
};

/** The SARIF log of a review. */
export function sarifOf(review: Review, version: string): Log {
  const ids = [...new Set(review.findings.map(({ rule }) => rule))].sort();
  return sarifLog({
    tool: {
      driver: {
        name: 'ebb review',
        version,
        rules: ids.map((id) => ({ id, shortDescription: { text: descriptionOf(id) } })),
      },
    },
    originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(review.root).href}/` } },
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: review.unread.map(({ repoPath, line, reason }) => ({
          level: 'warning',
          message: { text: reason },
          locations: [place(repoPath, { line: line ?? 1, column: 1 })],
        })),
      },
    ],
    results: review.findings.map((finding) => resultOf(finding, ids.indexOf(finding.rule))),
  });
}

function descriptionOf(id: string): string {
  const rule = plugin.rules[id.replace(/^ebb\//u, '')] as { meta?: { docs?: { description?: string } } } | undefined;
  return DIFF_RULES[id] ?? rule?.meta?.docs?.description ?? id;
}

function resultOf({ rule, message, fingerprint, location, endLine, steps }: ReviewFinding, ruleIndex: number): Result {
  const { repoPath } = location;
  return {
    ruleId: rule,
    ruleIndex,
    level: 'error',
    message: { text: message },
    locations: [place(repoPath, location, endLine)],
    partialFingerprints: { 'ebbLeak/v1': fingerprint },
    codeFlows: [
      {
        threadFlows: [
          {
            locations: steps.map((step) => ({
              location: { ...place(repoPath, step.at), message: { text: step.message } },
            })),
          },
        ],
      },
    ],
  };
}

function place(repoPath: string, { line, column }: Spot, endLine = line): Location {
  return {
    physicalLocation: {
      artifactLocation: { uri: repoPath.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' },
      region: { startLine: line, startColumn: column, endLine },
    },
  };
}
