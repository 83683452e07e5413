/** Signals that ask Ebb to end. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs something that the first Ctrl-C calls off in order; a second one ends Ebb at once. */
export async function untilSignalled(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const aborting = new AbortController();
  const abort = (): void => {
    stop();
    aborting.abort();
  };
  const stop = (): void => {
    for (const signal of ENDING) process.off(signal, abort);
  };
  for (const signal of ENDING) process.on(signal, abort);
  try {
    await run(aborting.signal);
  } finally {
    stop();
  }
}
