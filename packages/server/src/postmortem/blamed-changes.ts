/** The changes that a postmortem names: what brought the leak, what mended it, and what was gone back to in vain. Pure. */
import type { ToldChangePart } from '../attribution/told.ts';
import type { Clock } from '../incident/zone.ts';
import type { PostmortemFacts } from './facts.ts';

/** A change, as it was told, with its part. */
export interface BlamedChange {
  /** `deploy`, `config`…; `version` where only telemetry shows it. */
  kind: string;
  timeMs: number;
  /** What was told of it; its version where nobody told. */
  summary: string;
  /** What is known of its part in the growth, and of what it helped, in sentences. */
  part: string;
  recovery: string | null;
}

/** What brought it; null where nothing is found guilty. */
export function guiltyChange(facts: PostmortemFacts): BlamedChange | null {
  const part = facts.parts.findLast((one) => one.part === 'guilty');
  return part === undefined ? null : changeOf(facts, part);
}

/** What was done, and is proved to have helped; the first one first. */
export function changesThatHelped(facts: PostmortemFacts): BlamedChange[] {
  return facts.parts.filter(({ recovery }) => recovery?.result === 'proven').map((part) => changeOf(facts, part));
}

/** Returns to a version that ran before, after which memory grew as before. */
export function returnsInVain(facts: PostmortemFacts): BlamedChange[] {
  const { parts } = facts;
  const isReturn = ({ version }: ToldChangePart, at: number): boolean =>
    version !== null && parts.slice(0, at).some((earlier) => earlier.version === version);
  return parts
    .filter((part, at) => part.recovery?.result === 'refuted' && isReturn(part, at))
    .map((part) => changeOf(facts, part));
}

/** `deploy at 2024-08-10 13:30 UTC (16:30 EAT): Release 1.1`. */
export function changeWords({ kind, timeMs, summary }: BlamedChange, clock: Clock): string {
  return `${kind} at ${clock.time(timeMs, true)}: ${summary}`;
}

function changeOf({ changes }: PostmortemFacts, part: ToldChangePart): BlamedChange {
  const told = changes.filter(({ id }) => part.changeIds.includes(id));
  // What telemetry saw is the same change again, where somebody told it.
  const row = told.find(({ source }) => source !== 'telemetry') ?? told.at(0);
  return {
    kind: row?.kind ?? part.kind,
    timeMs: part.timeMs,
    summary: row?.summary ?? part.name,
    part: part.sentence,
    recovery: part.recovery?.sentence ?? null,
  };
}
