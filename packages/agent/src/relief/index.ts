/** `@ebb/agent/relief`: what a process can do against a leak without being restarted. Loaded only by who asks for it. */
export { armShed, type ShedOptions, type Shedder } from './shed.ts';
export { armTrim, trimDoorOf, type Trimmed, type Trimmer } from './trim.ts';
