/**
 * Whether a process runs, asked here and nowhere else: it was heard of lately, and has not told its end. How lately depends
 * on who asks: whoever shows services waits longer than whoever counts on a process to serve.
 */
import { sql, type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool } from 'kysely';
import type { ProcessRow, Schema } from './schema.ts';

/** A process that was silent for longer does not count as running: agents report once a minute. */
export const runningMs: number = 10 * 60_000;

/** Whether it told its end: it runs no more, however short ago that was. */
export function hasEnded({ ended_ms: endedMs }: Pick<ProcessRow, 'ended_ms'>): boolean {
  return endedMs !== null;
}

/** Of a service's processes those that have not told their end: what grew in others is gone. All, where all have told it. */
export function runningOf<Process extends Pick<ProcessRow, 'ended_ms'>>(
  processes: readonly Process[],
): readonly Process[] {
  const running = processes.filter((process) => !hasEnded(process));
  return running.length > 0 ? running : processes;
}

/** The same as a condition on `processes`: heard of since a time, without an end that was told. */
export function runsSince(where: ExpressionBuilder<Schema, 'processes'>, sinceMs: number): Expression<SqlBool> {
  return where.and([where('last_seen_ms', '>=', sinceMs), where('ended_ms', 'is', null)]);
}

/** That no end was told, for who counts since when by itself. */
export const toldNoEnd: RawBuilder<boolean> = sql<boolean>`processes.ended_ms is null`;
