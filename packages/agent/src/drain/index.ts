/**
 * `@ebb/agent/drain`: ends a process, or restarts a cluster's workers, without failing a request. Loaded only by who asks
 * for it.
 */
export { armDrain, type Drainer, type DrainOptions, type DrainOutcome } from './drain.ts';
export { rollWorkers, type RollFailure, type RollOptions, type RollReport, type RollStep } from './roll.ts';
export { serveRestarts, type RestartDoor, type RestartDoorOptions } from './restart-socket.ts';
