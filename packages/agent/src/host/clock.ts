/**
 * Time as the agent sees it. The preload takes these functions before the program's first line:
 * programs replace their timers and their Date, in tests above all, and the agent comes up later.
 */
export interface HostClock {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds since some moment; never goes back. */
  monotonicMs: () => number;
  setTimeout: (callback: () => void, delayMs: number) => NodeJS.Timeout;
  clearTimeout: (timer: NodeJS.Timeout | undefined) => void;
  setInterval: (callback: () => void, intervalMs: number) => NodeJS.Timeout;
  clearInterval: (timer: NodeJS.Timeout) => void;
}
