import { setTimeout as delay } from 'node:timers/promises';

const lookEveryMs = 1000;
/** Nothing that is waited for takes as long as this. */
const longestMs = 600_000;

/**
 * Looks once a second until there is something.
 *
 * @throws {Error} when there is nothing after ten minutes; AbortError when it is interrupted
 */
export async function until<T>(what: string, look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  const deadlineMs = Date.now() + longestMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadlineMs) throw new Error(`${what} did not come within ${String(longestMs / 60_000)} minutes`);
    await delay(lookEveryMs, undefined, { signal });
  }
}
