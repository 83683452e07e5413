/**
 * `@ebb/capture/attach`: takes evidence from another process, one that was started without Ebb. By itself because it
 * loads node:http, and with it much that a watched program has no use for.
 */
export { attach, type AttachedProcess, type AttachOptions } from './attach.ts';
export { type Departure } from './attached-process.ts';
export { type AttachedSnapshot, type AttachedSnapshotOptions } from './take-snapshot.ts';
export { type AttachedSourceMaps } from './take-source-maps.ts';
