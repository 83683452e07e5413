/**
 * `@ebb/capture/limits`: the container's memory limit, the kernel's kills in it, and what processes hold, by themselves.
 * The agent reads them in every process that it is loaded into; all of `@ebb/capture` would cost each of them 30 milliseconds and 3 MB.
 */
export { containerLimitBytes, outOfMemoryKills } from '../memory-limit.ts';
export { residentBytes } from '../resident-bytes.ts';
