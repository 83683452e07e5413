import { gravest, type Finding, type FindingsReport } from '@ebb/heap';
import { slopeOf } from '../growth/slope.ts';
import type { Floor } from '../runner/protocol.ts';

/** Floors that fall by this share of what a holder is said to have grown by show that it was emptied meanwhile. */
const GIVEN_BACK = 0.5;

/**
 * The report without growth that the floors contradict: what is filled and emptied by turns is larger in each snapshot, if
 * these come at the wrong moments. Where an object has one number in all snapshots they show that it stayed. They do not
 * show it of values (numbers in a Set, a text that gets longer); nor of objects that are told by their place (`byPlace`: the
 * snapshots of forked children), for what took an object's place counts as that object. There, floors that also rise surely
 * are those of a leak beside something that comes and goes.
 */
export function withoutGivenBack(
  report: FindingsReport,
  steps: readonly (readonly Floor[])[],
  { byPlace }: { byPlace: boolean },
): FindingsReport {
  const fallen = Math.max(0, ...steps.map(farthestFall));
  const surelyRises = (slopeOf(steps)?.interval[0] ?? 0) > 0;
  const mayHaveStayed = ({ growthCount, verdict }: Finding): boolean =>
    growthCount !== 0 && (!byPlace || surelyRises || verdict === 'bounded');
  const findings = report.findings.filter(
    (finding) => mayHaveStayed(finding) || fallen < GIVEN_BACK * (finding.growthBytes ?? 0),
  );
  if (findings.length === report.findings.length) return report;
  return { ...report, findings, verdict: gravest(findings) };
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
