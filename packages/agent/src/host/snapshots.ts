/**
 * Snapshots on request. A forked one is written by a child while the program goes on, so that the answer comes later;
 * it keeps the program neither busy nor alive, and ends with it.
 */
import { CaptureError, captureSnapshot, type CapturedSnapshot, type CaptureOptions } from '@ebb/capture';
import type { CaptureAttempt, CapturedMessage, RequestsByRoute, SnapshotMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { messageError } from './commands.ts';
import { quietly } from './quietly.ts';

/** What is known of the thread at the moment of a snapshot, and told of it. */
export interface SnapshotSubject {
  readonly requests: { readonly total: number | null; byRoute(): RequestsByRoute };
}

/** Takes a snapshot as `captureSnapshot` of `@ebb/capture` does. */
export type TakeSnapshot = (options: CaptureOptions) => Promise<CapturedSnapshot>;

/** Takes the snapshots that the watcher asks for, one at a time. */
export class SnapshotDesk {
  readonly #clock: HostClock;
  readonly #subject: SnapshotSubject;
  readonly #take: TakeSnapshot;
  #running: AbortController | null = null;

  constructor(clock: HostClock, subject: SnapshotSubject, take: TakeSnapshot = captureSnapshot) {
    this.#clock = clock;
    this.#subject = subject;
    this.#take = take;
  }

  /** Takes one, and answers. Never rejects; while another is being taken the answer is EBB_CAPTURE_BUSY. */
  async take(command: SnapshotMessage): Promise<CapturedMessage> {
    const { id, file, method = 'fork', niceness = 19 } = command;
    if (this.#running !== null) {
      const message = 'Another snapshot of this thread is being taken. Wait for its end.';
      return { type: 'captured', id, ok: false, method: 'fork', error: { code: 'EBB_CAPTURE_BUSY', message } };
    }
    const running = new AbortController();
    this.#running = running;
    const timer = this.#callOffLater(running, command.timeoutMs);
    // Should it fail before its moment, the counts of now are as good as any.
    let moment = this.#moment();
    const counts = (): Pick<CapturedMessage, 'ageMs' | 'requests' | 'requestsByRoute'> => ({
      ageMs: Math.max(0, this.#clock.monotonicMs() - moment.atMs),
      requests: moment.requests,
      requestsByRoute: moment.requestsByRoute,
    });
    try {
      const { attempts, fallbackReason, ...taken } = await this.#take({
        file,
        method,
        niceness,
        keepAlive: false,
        signal: running.signal,
        onMoment: quietly(() => {
          moment = this.#moment();
        }),
      });
      return {
        type: 'captured',
        id,
        ok: true,
        file: taken.file ?? file,
        method: taken.method,
        pauseMs: taken.pauseMs,
        attempts: told(attempts),
        ...(taken.bytes === null ? {} : { bytes: taken.bytes }),
        ...(fallbackReason === undefined ? {} : { fallback: messageError(fallbackReason) }),
        ...counts(),
      };
    } catch (error) {
      const attempts = error instanceof CaptureError ? told(error.attempts) : [];
      return {
        type: 'captured',
        id,
        ok: false,
        method: attempts.at(-1)?.method ?? (method === 'inline' ? 'inline' : 'fork'),
        pauseMs: attempts.reduce((sum, { pauseMs }) => sum + pauseMs, 0),
        attempts,
        ...counts(),
        error: messageError(error),
      };
    } finally {
      this.#clock.clearTimeout(timer);
      this.#running = null;
    }
  }

  /** Calls off what is being taken: nobody waits for it any more. */
  stop(): void {
    this.#running?.abort();
  }

  #moment(): { atMs: number; requests: number | null; requestsByRoute: RequestsByRoute } {
    const { requests } = this.#subject;
    return { atMs: this.#clock.monotonicMs(), requests: requests.total, requestsByRoute: requests.byRoute() };
  }

  #callOffLater(running: AbortController, timeoutMs: number | undefined): NodeJS.Timeout | undefined {
    if (timeoutMs === undefined) return undefined;
    const timer = this.#clock.setTimeout(
      quietly(() => {
        running.abort();
      }),
      timeoutMs,
    );
    return timer.unref();
  }
}

function told(attempts: readonly CaptureAttempt[]): CaptureAttempt[] {
  return attempts.map(({ method, outcome, pauseMs, tookMs }) => ({ method, outcome, pauseMs, tookMs }));
}
