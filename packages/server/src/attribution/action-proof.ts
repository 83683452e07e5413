/**
 * Did something help that brought no other version: a restart, a higher limit, a route that is shed, a flag that is off? The
 * growth after it is held against the growth before it, as after a rollback (`recovery.ts`): pure.
 *
 * A restart and a higher limit mend nothing, and are not told to. What they gave is measured: memory, and the time until the
 * limit if memory grew on as before. Whether the slope is there again is known as late as for a rollback.
 */
import type { Estimate } from '@ebb/trend';
import { bytes, span, utc } from '../pages/wording.ts';
import type { Cell, Stretch } from './cells.ts';
import { heldAgainst, presentOf, type Measured, type Present } from './label.ts';
import type { Life } from './life.ts';
import { leastSeenShare, requestWords, requestsBack, shareOf, suggests, type Recovery } from './recovery.ts';
import type { Served } from './told.ts';
import { growthWords, perHour } from './words.ts';

/** What was done. */
export interface DoneAction {
  /** As people read it: `shed of POST /login`. */
  name: string;
  /** Whether processes were ended, and others came in their place. */
  replaces: boolean;
  startedMs: number;
  endedMs: number;
  /** Of the processes that were to be replaced. */
  instances: readonly string[];
  /** Until the limit of the nearest of them, when it was ordered. */
  secondsToLimit: number | null;
  /** What came next ends what can be told of this one. */
  untilMs: number;
}

/** What is known of an action. */
export interface ActionProof {
  /** `nothing grew`: before it, so that there is nothing to hold against. */
  result: Recovery['result'] | 'nothing grew';
  byMs: number;
  /** What a restart gave; null for what ends no process, and while too few of the new ones have told. */
  won: Won | null;
  requestsAreBack: boolean | null;
  /** Growth in bytes an hour, each with an interval of about 95 %; null where nobody tells. */
  before: Estimate | null;
  after: Estimate | null;
  suggestsResolving: boolean;
  sentence: string;
}

/** What stands with an action; null while nobody has looked. */
export function proofOn({ proof }: { proof: string | null }): ActionProof | null {
  return proof === null ? null : (JSON.parse(proof) as ActionProof);
}

/** What a restart gave. */
export interface Won {
  /** Of all processes that were replaced. */
  bytes: number;
  /** Until the limit if memory grows on as before; null where nobody tells a limit. */
  secondsToLimit: Estimate | null;
}

/** Who was heard of so long ago ran still. */
const runningMs = 15 * 60_000;
/** After its end, so much later a process that was begun anew has told. */
const comesWithinMs = 10 * 60_000;
/** What is told within so long belongs to neither side. */
const settleMs = 2 * 60_000;

/** Whether the action helped, or what it gave. */
export function proofOf(
  action: DoneAction,
  { lives, served, nowMs }: { lives: readonly Life[]; served: Served; nowMs: number },
): ActionProof {
  const leaking = stretchesBefore(action, lives);
  const seenAfter = leaking.flatMap(({ life }) => (life.leakedAtMs === null ? [] : [life.leakedAtMs - life.startMs]));
  const afterMs = Math.max(60_000, seenAfter.length === 0 ? 0 : Math.min(...seenAfter));
  const byMs = action.endedMs + afterMs;
  const badShare = shareOf(served.minutes.filter(({ timeMs }) => timeMs >= action.endedMs && timeMs < action.untilMs));
  const requestsAreBack = requestsBack(badShare, served.usualBadShare);
  const told = { action, byMs, nowMs, requests: requestWords(badShare, requestsAreBack) };
  if (leaking.length === 0) {
    const sentence = `no process was called a leak before the ${action.name}: there is no slope to hold what follows against${told.requests}`;
    const nothing = { won: null, before: null, after: null, suggestsResolving: false };
    return { result: 'nothing grew', byMs, ...nothing, requestsAreBack, sentence };
  }
  const present = presentOf(leaking);
  const after = stretchesAfter(action, lives, new Set(leaking.map(({ life }) => life.version)));
  const measured = after.length === 0 ? null : heldAgainst(cellOf(after, action), present);
  const isSeen = measured !== null && measured.seenMs >= afterMs * leastSeenShare;
  const label = isSeen ? measured.label : 'unknown';
  const result = label === 'still' ? 'proven' : label === 'grows' ? 'refuted' : 'not yet';
  const won = action.replaces ? wonBy(action, leaking, after, present) : null;
  return {
    ...{ result, byMs, won, requestsAreBack },
    before: hourly(present.growth),
    after: measured === null ? null : hourly(measured.growth),
    suggestsResolving: suggests({ result, requestsAreBack }),
    sentence: sentenceOf({ ...told, result, won, present, measured }),
  };
}

/** Of processes that ran when it began and were called leaks by then. */
function stretchesBefore({ startedMs }: DoneAction, lives: readonly Life[]): Stretch[] {
  return lives
    .filter(({ startMs, leakedAtMs }) => startMs < startedMs && leakedAtMs !== null && leakedAtMs <= startedMs)
    .map((life) => stretchOf(life, life.startMs, Math.min(life.endMs, startedMs)))
    .filter(({ points, toMs }) => points.length > 0 && toMs >= startedMs - runningMs);
}

/** Of the same versions: those that came in the place of others, or those that went on. */
function stretchesAfter(action: DoneAction, lives: readonly Life[], versions: ReadonlySet<string>): Stretch[] {
  const { startedMs, endedMs, untilMs, replaces } = action;
  const own = lives.filter(({ version, endMs }) => versions.has(version) && endMs > endedMs);
  const chosen = replaces
    ? own.filter(({ startMs }) => startMs >= startedMs && startMs <= endedMs + comesWithinMs)
    : own.filter(({ startMs }) => startMs < startedMs);
  return chosen
    .map((life) => stretchOf(life, replaces ? life.startMs : endedMs + settleMs, Math.min(life.endMs, untilMs)))
    .filter(({ points }) => points.length > 0);
}

function stretchOf(life: Life, fromMs: number, toMs: number): Stretch {
  const points = life.points.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
  return { life, fromMs, toMs, points };
}

function cellOf(stretches: Stretch[], { endedMs }: DoneAction): Cell {
  const toMs = stretches.reduce((last, one) => Math.max(last, one.toMs), endedMs);
  return { epoch: -1, step: -1, stretches, fromMs: endedMs, toMs };
}

/** Held process by process on the average: who came in whose place is not told. */
function wonBy(
  { instances }: DoneAction,
  before: readonly Stretch[],
  after: readonly Stretch[],
  { growth }: Present,
): Won | null {
  const replaced = before.filter(({ life }) => instances.includes(life.process));
  if (replaced.length === 0 || after.length < Math.min(replaced.length, instances.length)) return null;
  const last = (stretches: readonly Stretch[]): number =>
    stretches.reduce((sum, { points }) => sum + (points.at(-1)?.bytes ?? 0), 0) / stretches.length;
  const limits = after.flatMap(({ life, points }) =>
    life.limitBytes === undefined ? [] : [life.limitBytes - (points.at(-1)?.bytes ?? 0)],
  );
  const room = limits.length === 0 ? null : Math.max(0, Math.min(...limits));
  const { perSecond } = growth;
  const secondsToLimit =
    room === null || perSecond === null || perSecond.low <= 0
      ? null
      : { value: room / perSecond.value, low: room / perSecond.high, high: room / perSecond.low };
  return { bytes: (last(replaced) - last(after)) * instances.length, secondsToLimit };
}

interface Told {
  action: DoneAction;
  result: Recovery['result'];
  byMs: number;
  nowMs: number;
  won: Won | null;
  present: Present;
  measured: Measured | null;
  requests: string;
}

function sentenceOf({ action, result, byMs, nowMs, won, present, measured, requests }: Told): string {
  const { name, replaces } = action;
  const was = `, against ${slopeWords(present.growth)} before`;
  const is = measured === null ? 'an unknown pace' : slopeWords(measured.growth);
  if (result === 'proven')
    return replaces
      ? `since the ${name} memory grows ${is}${was}: the slope is gone, which no restart explains${requests}`
      : `the ${name} helped: memory grows ${is}${was}${requests}`;
  if (result === 'refuted')
    return replaces
      ? `the ${name} has won time and mended nothing: memory still grows ${is}${was}${requests}`
      : `the ${name} did not help: memory still grows ${is}${was}${requests}`;
  const by = utc(byMs).slice(11);
  if (nowMs > byMs)
    return `whether the slope is gone since the ${name} could not be told by ${by}: too little was seen since${requests}`;
  if (!replaces) return `whether the ${name} helped is not known yet, by ${by} at the latest${requests}`;
  return `the ${name} ${wonWords(action, won, present)}; it mends no slope, and whether that is back is known by ${by} at the latest${requests}`;
}

function wonWords({ secondsToLimit: before }: DoneAction, won: Won | null, { growth }: Present): string {
  if (won === null) return 'is done, and what it gave back is not known yet';
  const gave = won.bytes > 0 ? `gave back ${bytes(won.bytes)}` : 'gave back no memory';
  if (won.secondsToLimit === null) return gave;
  const { value, low, high } = won.secondsToLimit;
  const was = before === null ? '' : `, ${span(before)} when it was ordered`;
  return `${gave}; with the slope of before, ${slopeWords(growth)}, the limit is ${span(value)} away (${span(low)} to ${span(high)})${was}`;
}

function hourly({ perSecond }: Measured['growth']): Estimate | null {
  return perSecond === null ? null : perHour(perSecond);
}

/** By the hour: a restart is about time; by the request where nobody tells it by the hour. */
function slopeWords(growth: Measured['growth']): string {
  if (growth.perSecond === null) return growthWords({ measured: { growth } });
  const { value, low, high } = perHour(growth.perSecond);
  return `${bytes(value)} an hour (${bytes(low)} to ${bytes(high)})`;
}
