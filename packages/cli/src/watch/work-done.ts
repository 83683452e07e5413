import type { CapturedSnapshot } from '../evidence/events.ts';

/**
 * Work that the program had done at each snapshot, cumulative, so that growth can be held against it: requests, where
 * some were served in every step; otherwise the time in which it could work. (Steps are never equally long, and growth
 * per step that follows their length would look like growth that calms down.)
 */
export function workDone(captures: readonly CapturedSnapshot[]): number[] {
  const requests = captures.flatMap((capture) => capture.requests ?? []);
  const served = requests.every((count, index) => index === 0 || count > (requests[index - 1] ?? 0));
  if (requests.length === captures.length && served) return requests;
  return captures.map((capture) => capture.activeMs);
}
