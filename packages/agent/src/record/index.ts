/** The crash recorder: the last minutes of a process, in a file that survives its end. */
export { claimEnded, type EndedRecord } from './claim-ended.ts';
export { usualFolder } from './folder.ts';
export { type RecordedSample } from './format.ts';
export { readRecord, type ProcessRecord } from './read-record.ts';
export { openRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
export { tellEnd, type EndCause, type ProcessEnd, type ToldEnd } from './tell-end.ts';
