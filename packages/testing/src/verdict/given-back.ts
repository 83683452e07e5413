import type { FindingsReport } from '@ebb/heap';
import type { Floor } from '../runner/protocol.ts';

/** Floors that fall by this share of what a holder is said to have grown by show that it was emptied meanwhile. */
const GIVEN_BACK = 0.5;

/**
 * The report without growth of values (numbers in a Set, a text that gets longer) that the floors contradict. Of objects
 * the snapshots show that they stayed; of values only the floors between do.
 */
export function withoutGivenBack(report: FindingsReport, steps: readonly (readonly Floor[])[]): FindingsReport {
  const fallen = Math.max(0, ...steps.map(farthestFall));
  const findings = report.findings.filter(
    ({ growthCount, growthBytes = 0 }) => growthCount !== 0 || fallen < GIVEN_BACK * growthBytes,
  );
  if (findings.length === report.findings.length) return report;
  const verdict = (['leak', 'suspect', 'bounded'] as const).find((each) =>
    findings.some((finding) => finding.verdict === each),
  );
  return { ...report, findings, verdict: verdict ?? 'clean' };
}

/** The farthest that floors fell, from any of them to any later one. */
function farthestFall(floors: readonly Floor[]): number {
  let [highest, farthest] = [0, 0];
  for (const { heapBytes, externalBytes } of floors) {
    highest = Math.max(highest, heapBytes + externalBytes);
    farthest = Math.max(farthest, highest - heapBytes - externalBytes);
  }
  return farthest;
}
