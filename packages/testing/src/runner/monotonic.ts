/** Before a test can put its own clock in its place. */
const hrtime = process.hrtime.bind(process);

/** Milliseconds of a clock that never jumps, and that fake timers of a test do not stop. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
