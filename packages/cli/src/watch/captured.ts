/** What came of a capture that an agent was asked for. */
import type { CapturedMessage } from '@ebb/agent';
import { CliError } from '../errors/cli-error.ts';
import type { CapturedSnapshot } from '../evidence/events.ts';
import { printable } from '../wording/printable.ts';
import { duration } from '../wording/quantities.ts';

/** The snapshot, when it shows, and what the program had done by then; null where there is none. */
export function capturedOf(
  answer: CapturedMessage,
  { file, takenAtMs, pausedBeforeMs }: { file: string; takenAtMs: number; pausedBeforeMs: number },
): CapturedSnapshot | null {
  if (!answer.ok) return null;
  return {
    file,
    method: answer.method,
    pauseMs: answer.pauseMs ?? 0,
    takenAtMs,
    activeMs: takenAtMs - pausedBeforeMs,
    requests: answer.requests ?? null,
    requestsByRoute: answer.requestsByRoute ?? {},
  };
}

/** Why there is none; it may have stopped the program all the same. */
export function captureError(pid: number, { pauseMs = 0, error }: CapturedMessage): CliError {
  const { code, message } = error ?? { code: 'EBB_CLI_CAPTURE_FAILED', message: 'the agent gave no reason' };
  const inVain = pauseMs > 0 ? `, for which it stood still for ${duration(pauseMs / 1000)}` : '';
  const text = `process ${pid} wrote no snapshot${inVain}: ${printable(message)} [${printable(code)}]`;
  return new CliError('EBB_CLI_CAPTURE_FAILED', text);
}

/** Any error as a watch tells it. */
export function describeTrouble(error: unknown): { code: string; message: string; next: string | null } {
  if (error instanceof CliError) return error;
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EBB_CLI_INTERNAL';
  return { code, message: error instanceof Error ? error.message : String(error), next: null };
}
