export { backUp } from './backup/back-up.ts';
export type { BackedUp } from './backup/back-up.ts';
export { restore } from './backup/restore.ts';
export { checkNode, startServer } from './server.ts';
export type { Server, ServerOptions } from './server.ts';
export type { DatabasePlace } from './store/database.ts';
export { checkRules } from './alerts/rules/check-rules.ts';
export { ServerError } from './errors/server-error.ts';
export type { ServerErrorCode } from './errors/registry.ts';
