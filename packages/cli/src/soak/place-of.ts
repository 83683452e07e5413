import type { Finding, Location } from '@ebb/heap';
import type { RouteReport } from './soak-report.ts';

/** The finding that a route's leak is told by: the first proven one. */
export function leakOf({ findings }: RouteReport): Finding | undefined {
  return findings.find(({ verdict }) => verdict === 'leak');
}

/** The line to look at: what inserts, or else what holds. */
export function placeOf(finding: Finding): Location | null {
  return finding.insertedAt ?? finding.holder.location;
}

/** `2.1 KB a request (2.0 KB to 2.2 KB)`, with what is granted where it is something. */
export function rateText(
  { bytesPerRequest, interval: [low, high], budgetBytesPerRequest }: RouteReport,
  bytes: (value: number) => string,
): string {
  const granted = budgetBytesPerRequest > 0 ? `, of ${bytes(budgetBytesPerRequest)} granted` : '';
  return `${bytes(bytesPerRequest)} a request (${bytes(low)} to ${bytes(high)})${granted}`;
}
