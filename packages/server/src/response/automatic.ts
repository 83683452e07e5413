/** When Ebb acts by itself, and when it stops doing so: pure. */
import type { ProcessRow } from '../store/schema.ts';
import { changesVersion, type ActionKind, type ActionState } from './action.ts';
import type { AutomaticPolicy } from './policy.ts';

/** The processes that are to be restarted before their limit, the nearest first. */
export function dueForRestart(processes: readonly ProcessRow[], { leadMs }: AutomaticPolicy): ProcessRow[] {
  const soonest = ({ seconds_to_limit_soonest: soon, seconds_to_limit: likely }: ProcessRow): number =>
    soon ?? likely ?? Infinity;
  return processes
    .filter(({ verdict }) => verdict === 'leak' || verdict === 'native')
    .filter((process) => soonest(process) * 1000 < leadMs)
    .sort((a, b) => soonest(a) - soonest(b));
}

/** What is known of the changes behind a leak, as far as Ebb acts on it. */
export interface KnownChanges {
  /** In words; what a person reads first. */
  advice: string | null;
  /** Null where it is not known. */
  rollbackHelps: boolean | null;
  rollBackTo: string | null;
}

/**
 * Where Ebb rolls back to by itself: to the version before the guilty one, where that helps, is allowed, and was not tried
 * yet in this incident. Null: it does not.
 */
export function rollbackByItself(
  { rollback }: AutomaticPolicy,
  known: KnownChanges | null,
  before: readonly { kind: ActionKind }[],
): string | null {
  if (!rollback || known?.rollbackHelps !== true) return null;
  // Somebody's counts as well: who rolled back and forth knows more than Ebb.
  return before.some(({ kind }) => changesVersion(kind)) ? null : known.rollBackTo;
}

/** Whether what was done last, newest first, failed so often in a row that it is better to stop. */
export function hasFailedTooOften(states: readonly ActionState[], { failures }: AutomaticPolicy): boolean {
  const over = states.filter((state) => state === 'done' || state === 'failed' || state === 'unclear');
  return over.length >= failures && over.slice(0, failures).every((state) => state !== 'done');
}

/** Requests of a stretch. */
export interface Served {
  requests: number;
  failed: number;
}

/** Fewer failures than this are nobody's fault. */
const fewestFailures = 10;
/** How many standard errors are no chance. */
const surely = 4;

/** Whether the share of failed requests has risen beyond what chance does, and by a point at least. */
export function isWorse(before: Served, since: Served): boolean {
  if (since.failed < fewestFailures || since.requests === 0) return false;
  const share = since.failed / since.requests;
  const shareBefore = before.requests === 0 ? 0 : before.failed / before.requests;
  if (share < shareBefore + 0.01) return false;
  const pooled = (before.failed + since.failed) / (before.requests + since.requests);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / Math.max(1, before.requests) + 1 / since.requests));
  return before.requests === 0 || share - shareBefore > surely * error;
}
