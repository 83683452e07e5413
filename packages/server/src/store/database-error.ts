import { ServerError } from '../errors/server-error.ts';

/** What a database that did not take something has thrown, as the server tells it: the sender may come again. */
export function databaseError(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ServerError('EBB_SERVER_DATABASE', `the database did not take it: ${reason}`, { cause: error });
}
