import { expect, test } from 'vitest';
import type { PostmortemFacts } from '../facts.ts';
import { summarySection } from './summary-section.ts';

const startMs = Date.UTC(2026, 10, 21, 14);

/** The line of a summary that tells of requests and clients. */
function impactLine(all: { requests: number; failed: number; slow: number; affectedClients: number | null }): string {
  const stretch = { fromMs: startMs, toMs: startMs + 600_000 };
  const facts = {
    incident: { id: 1, level: 'page', cause: 'memory', summary: '', openedMs: startMs, resolvedMs: null, reopened: 0 },
    service: { name: 'shop', namespace: '', environment: '' },
    team: { name: null, zone: null },
    times: { startedMs: startMs, detectedMs: startMs },
    impact: { all: { ...stretch, ...all }, routes: [], sentence: '38 % of requests slow or failing' },
    roles: [],
    hypotheses: [],
    signals: [],
    changes: [],
    versions: [],
    timeline: [],
    repeats: [],
    culprit: null,
    commits: null,
    grown: null,
  } as unknown as PostmortemFacts;
  return /\*\*Impact:\*\* .*/.exec(summarySection(facts))?.[0] ?? '';
}

test('one client is a client, and several are clients', () => {
  const many = { requests: 12_000, failed: 3, slow: 1, affectedClients: 4200.4 };
  expect(impactLine(many)).toContain('(3 failed and 1 slow of 12,000 requests, about 4,200 clients)');
  expect(impactLine({ ...many, requests: 1, affectedClients: 1.2 })).toContain('of 1 request, about 1 client)');
  expect(impactLine({ ...many, affectedClients: null })).toContain('of 12,000 requests)');
});
