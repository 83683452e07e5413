/**
 * `@ebb/capture/limits`: the container's memory limit by itself. The agent reads it in every process that it is loaded
 * into; all of `@ebb/capture` would cost each of them 30 milliseconds and 3 MB.
 */
export { containerLimitBytes } from '../memory-limit.ts';
