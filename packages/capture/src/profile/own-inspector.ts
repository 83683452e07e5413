/** The inspector of the same thread: no port is opened, and nothing is printed. */
import type { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { CaptureError } from '../error.ts';

/** @throws {CaptureError} EBB_CAPTURE_PROFILER */
export function openSession(): Session {
  try {
    // Not every Node.js has it, and an import of it would fail as a whole.
    const inspector = createRequire(import.meta.url)('node:inspector') as typeof import('node:inspector');
    const session = new inspector.Session();
    session.connect();
    return session;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CaptureError(
      'EBB_CAPTURE_PROFILER',
      `The inspector of this thread cannot be used (${reason}), and with it no allocations can be sampled and no objects ` +
        'counted. Snapshots do without it.',
      { cause },
    );
  }
}

/**
 * Has V8 carry out one command. A session of the same thread answers before `post` returns.
 *
 * @throws {CaptureError} EBB_CAPTURE_PROFILER when it does not
 */
export function post(session: Session, method: string, parameters?: object): unknown {
  let answer: { error: Error | null; result: unknown } | undefined;
  session.post(method, parameters, (error, result) => {
    answer = { error, result };
  });
  if (answer === undefined || answer.error !== null) {
    const reason = answer?.error?.message ?? 'it did not answer';
    throw new CaptureError(
      'EBB_CAPTURE_PROFILER',
      `V8 does not carry out ${method} (${reason}). Somebody else may have stopped it; start anew.`,
    );
  }
  return answer.result;
}
