/**
 * Makes a callback that never throws: an error in the agent must not reach the host, where it
 * would be an uncaught exception. What failed is passed to `onError`, when given.
 */
export function quietly<Arguments extends unknown[]>(
  callback: (...values: Arguments) => void,
  onError?: (error: unknown) => void,
): (...values: Arguments) => void {
  return (...values) => {
    try {
      callback(...values);
    } catch (error) {
      try {
        onError?.(error);
      } catch {
        // The host comes first.
      }
    }
  };
}
