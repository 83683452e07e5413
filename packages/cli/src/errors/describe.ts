import { CLI_ERRORS } from './registry.ts';
import { CliError } from './cli-error.ts';
import { printable } from '../wording/printable.ts';

/** Errors of other packages that are not about the input. */
const UNFINISHED = new Set(['EBB_HEAP_ABORTED', 'EBB_HEAP_WORKER_FAILED', 'EBB_AGENT_LISTEN']);

/** What is printed for an error, and the exit code it ends the process with. */
export interface DescribedError {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * Turns anything thrown into the lines a person reads: what happened, the code, what to do next.
 * Errors of other Ebb packages (`EBB_…`) are inputs that Ebb could not read (exit 2), except those that say that Ebb
 * could not finish (exit 3), by an `exitCode` of their own or in the list above; anything else is a bug of Ebb's
 * (exit 3) and comes with its stack.
 */
export function describeError(error: unknown): DescribedError {
  if (error instanceof CliError)
    return { text: lines(error.message, error.code, error.next), exitCode: error.exitCode };
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('EBB_')) {
    const next = 'next' in error && typeof error.next === 'string' ? error.next : null;
    const exitCode =
      'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : UNFINISHED.has(error.code) ? 3 : 2;
    return { text: lines(error.message, error.code, next), exitCode };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const internal = CLI_ERRORS.EBB_CLI_INTERNAL;
  return {
    text: `${printable(stack, { newlines: true })}\n${lines('this is a bug in Ebb', 'EBB_CLI_INTERNAL', internal.next)}`,
    exitCode: 3,
  };
}

function lines(message: string, code: string, next: string | null): string {
  const first = `ebb: ${printable(message, { newlines: true })} (${code})`;
  return next === null ? first : `${first}\n     ${printable(next)}`;
}
