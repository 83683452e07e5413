import type { Location } from '@ebb/heap';
import type { Location as SarifLocation, Log, Result } from 'sarif';
import { bytes } from '../wording/quantities.ts';
import { sarifLog } from '../wording/sarif-log.ts';
import { leakOf, placeOf, rateText } from './place-of.ts';
import type { SoakReport } from './soak-report.ts';

/**
 * SARIF 2.1.0, as code scanning takes it: one result for each route over its budget, at the line that keeps what it
 * should drop. The fingerprint is the same as everywhere else in Ebb.
 */
export function sarif({ routes }: SoakReport, version: string): Log {
  const results = routes
    .filter(({ overBudget }) => overBudget)
    .map((route): Result => {
      const finding = leakOf(route);
      const place = finding === undefined ? null : placeOf(finding);
      return {
        ruleId: 'ebb/route-leaks',
        level: 'error',
        message: { text: `${route.route} leaks ${rateText(route, bytes)}. ${finding?.title ?? ''}`.trim() },
        locations: place === null ? [] : [physical(place)],
        ...(finding === undefined ? {} : { partialFingerprints: { 'ebbLeak/v1': finding.fingerprint } }),
        properties: { bytesPerRequest: route.bytesPerRequest, interval: route.interval },
      };
    });
  return sarifLog({
    tool: {
      driver: {
        name: 'ebb soak',
        version,
        rules: [
          {
            id: 'ebb/route-leaks',
            shortDescription: { text: 'Requests to a route leave memory behind for good' },
            help: {
              text: 'Bound the collection, let its entries expire, or delete from it; unregister what was registered.',
            },
          },
        ],
      },
    },
    results,
  });
}

function physical({ file, repoPath, line, column }: Location): SarifLocation {
  return {
    physicalLocation: {
      artifactLocation:
        repoPath === undefined
          ? { uri: `file://${encodeURI(file)}` }
          : { uri: encodeURI(repoPath), uriBaseId: '%SRCROOT%' },
      region: { startLine: line, startColumn: column },
    },
  };
}
