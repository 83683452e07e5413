/**
 * Did an action help? The growth after it is held against the growth before it, as a change's is: pure.
 *
 * By when it is known is said beforehand: the old slope was seen after a while, and a slope that went on would be seen after
 * as long again. `proven`: surely less than half of the old growth is left, at equal age and load, by the request and by the
 * hour. `refuted`: surely more than half. Latency and errors are back when a request is surely not slow or failed more than
 * twice as often as usual, or one in a hundred.
 */
import { bytes, span, utc } from '../pages/wording.ts';
import type { Attributed, Attribution } from './attribute.ts';
import { growthWords, nameOf, phraseOf } from './words.ts';

/** What is known of an action. */
export interface Recovery {
  /** `not yet` also after `byMs`, when too little was seen to tell. */
  result: 'proven' | 'refuted' | 'not yet';
  /** When it is known, at the latest, if enough is told. */
  byMs: number;
  /** Whether requests are answered as usual again; null where nobody tells of them, or too few came. */
  requestsAreBack: boolean | null;
  /** Share of requests that were slow or failed after the action, with an interval of about 95 %. */
  badShare: readonly [value: number, low: number, high: number] | null;
  suggestsResolving: boolean;
  sentence: string;
}

/** Only where the slope is gone, and nothing tells that requests are still slow or fail, is an incident suggested to be over. */
export function suggests({ result, requestsAreBack }: { result: string; requestsAreBack: boolean | null }): boolean {
  return result === 'proven' && requestsAreBack !== false;
}

/** Requests of a minute. */
export interface ServedMinute {
  timeMs: number;
  requests: number;
  /** Answered in time, and not failed. */
  good: number;
}

/** Of the time that the old slope needed to be seen, so much has to pass: young processes all grow. */
export const leastSeenShare = 0.2;
const leastRequests = 50;
const leastShare = 0.01;
const timesUsual = 2;
const z = 1.96;

/** Whether the action helped. `usualBadShare`: of requests, before it all began; null where that is not known. */
export function recoveryOf(
  attribution: Attribution,
  action: Attributed,
  known: { nowMs: number; served: readonly ServedMinute[]; usualBadShare: number | null },
): Recovery {
  const { nowMs, served, usualBadShare } = known;
  const { step } = action;
  const afterMs = seenAfterMs(attribution);
  const byMs = step.timeMs + afterMs;
  const seenMs = action.with?.measured.seenMs ?? 0;
  const label = seenMs < afterMs * leastSeenShare ? 'unknown' : (action.with?.measured.label ?? 'unknown');
  const result = label === 'still' ? 'proven' : label === 'grows' ? 'refuted' : 'not yet';
  const badShare = shareOf(served.filter(({ timeMs }) => timeMs >= step.timeMs));
  const requestsAreBack = requestsBack(badShare, usualBadShare);
  const sentence = sentenceOf({ attribution, action, result, byMs, nowMs, badShare, requestsAreBack });
  return {
    ...{ result, byMs, requestsAreBack, badShare, sentence },
    suggestsResolving: suggests({ result, requestsAreBack }),
  };
}

/** How long the old slope needed to be seen; an hour where that is not known. */
function seenAfterMs({ firstCalled }: Attribution): number {
  return firstCalled === null ? 3_600_000 : Math.max(60_000, firstCalled.afterMs);
}

/** Whether requests are answered as usual; null where too few came, or nobody tells of them. */
export function requestsBack(badShare: Recovery['badShare'], usualBadShare: number | null): boolean | null {
  return badShare === null ? null : badShare[2] <= Math.max(leastShare, timesUsual * (usualBadShare ?? 0));
}

/** Slow or failed requests, with Wilson's interval; null of too few. */
export function shareOf(served: readonly ServedMinute[]): Recovery['badShare'] {
  const requests = served.reduce((sum, one) => sum + one.requests, 0);
  if (requests < leastRequests) return null;
  const share = Math.max(0, requests - served.reduce((sum, one) => sum + one.good, 0)) / requests;
  const width = 1 + z ** 2 / requests;
  const centre = (share + z ** 2 / (2 * requests)) / width;
  const reach = (z * Math.sqrt((share * (1 - share)) / requests + z ** 2 / (4 * requests ** 2))) / width;
  return [share, Math.max(0, centre - reach), Math.min(1, centre + reach)];
}

interface Told {
  attribution: Attribution;
  action: Attributed;
  result: Recovery['result'];
  byMs: number;
  nowMs: number;
  badShare: Recovery['badShare'];
  requestsAreBack: boolean | null;
}

function sentenceOf(told: Told): string {
  const { attribution, action, result, byMs, nowMs, badShare, requestsAreBack } = told;
  const name = phraseOf(action.step);
  const after = action.with === null ? '' : growthWords(action.with);
  const old = attribution.present?.growth ?? null;
  const was =
    old === null
      ? ''
      : `, against ${old.perRequest === null ? `${bytes((old.perSecond?.value ?? 0) * 3600)} an hour` : `${bytes(old.perRequest.value)} a request`} before`;
  const bad = requestWords(badShare, requestsAreBack);
  if (result === 'proven') return `${name} helped: memory grows ${after}${was}${bad}`;
  if (result === 'refuted')
    return `${name} did not help: memory still grows ${after}${was}${nextSuspect(attribution, action)}${bad}`;
  return nowMs <= byMs
    ? `whether ${name} helped is not known yet, by ${utc(byMs).slice(11)} at the latest${bad}`
    : `whether ${name} helped could not be told by ${utc(byMs).slice(11)}: too little was seen since, ${after === '' ? 'no process with it reports' : after}, ${span((nowMs - action.step.timeMs) / 1000)} after it${bad}`;
}

/** How requests are answered, with the interval; empty where nobody knows. */
export function requestWords(badShare: Recovery['badShare'], areBack: boolean | null): string {
  if (badShare === null || areBack === null) return '';
  const [value, low, high] = badShare;
  const how = areBack ? 'requests are answered as usual' : 'requests are not back';
  return `; ${how}: ${percent(value)} slow or failed (${percent(low)} to ${percent(high)})`;
}

function nextSuspect({ steps }: Attribution, action: Attributed): string {
  const guilty = steps.filter(({ part, step }) => part === 'guilty' && step !== action.step).at(-1);
  if (guilty !== undefined) return `; guilty is ${nameOf(guilty.step)}`;
  const open = steps.filter(
    ({ part, step, reason }) => part === 'open' && reason === 'not told apart' && step !== action.step,
  );
  return open.length === 0 ? '' : `; the next suspect is ${nameOf(open[open.length - 1].step)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
