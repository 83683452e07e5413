/**
 * `@ebb/capture`: takes evidence from the process that it runs in. A forked snapshot stands still for milliseconds, an
 * inline one for as long as it is written.
 */
export { captureSnapshot, type CapturedSnapshot, type CaptureOptions } from './capture-snapshot.ts';
export { collectGarbage, type CollectedFloor } from './collect.ts';
export { CaptureError, captureErrorCodes, type CaptureErrorCode } from './error.ts';
export {
  containerLimitBytes,
  containerMemory,
  countOutOfMemoryKills,
  type ContainerMemory,
  type ReadText,
} from './memory-limit.ts';
export { type SnapshotAttempt, type SnapshotContents } from './fork/attempt.ts';
export { forkUnavailable } from './fork/capture-forked.ts';
export { type AttemptOutcome } from './fork/judge-end.ts';
export { measureChildRoom, type ChildRoom } from './fork/room-for-child.ts';
export { startAllocationSampling, type AllocationSampling, type TakenProfile } from './profile/allocation-sampling.ts';
export { type AllocationFrame, type AllocationProfile, type AllocationSite } from './profile/allocation-profile.ts';
export { countClasses, type ClassCount, type ClassCounts } from './profile/class-counts.ts';
export { grownSites, type GrownSite } from './profile/grown-sites.ts';
export { type Room } from './room.ts';
export { scrubSnapshot, type ScrubbedSnapshot } from './scrub/scrub-snapshot.ts';
export { type SourceMapOptions } from './source-maps/source-map-folder.ts';
export { writeSourceMaps, type WrittenSourceMaps } from './source-maps/write-source-maps.ts';
export { captureSnapshotInline, type SnapshotCapture, type SnapshotOptions } from './snapshot.ts';
