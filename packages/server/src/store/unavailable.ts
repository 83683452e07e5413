/** Tells a database that cannot work at the moment from a mistake of the server's. */
import { ServerError } from '../errors/server-error.ts';

/**
 * PostgreSQL's classes of errors that pass: connection, resources (a full disk among them), intervention of an operator,
 * the system's own errors, a read-only standby.
 */
const passing = /^(?:08|53|57|58)\w{3}$|^25006$/;

/** SQLite's: busy, locked, out of memory, read-only, disk I/O, corrupt, full, cannot open, no database. */
const sqlitePassing: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 13, 14, 26]);

/** The error as what a caller is told when the database cannot work; any other error as it is. */
export function asUnavailable(error: unknown): unknown {
  const reason = reasonOf(error);
  if (reason === null) return error;
  return new ServerError('EBB_SERVER_DATABASE', `the database cannot work at the moment: ${reason}`, { cause: error });
}

function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof ServerError) return null;
  const { code, errcode, severity } = error as { code?: unknown; errcode?: number; severity?: unknown };
  // Extended codes have the plain one in their lowest byte.
  if (code === 'ERR_SQLITE_ERROR') return sqlitePassing.has((errcode ?? 0) & 0xff) ? error.message : null;
  if (typeof severity === 'string') return passing.test(String(code)) ? error.message : null;
  // What did not come from PostgreSQL came from the way there. Where it leads to is nobody's business.
  return typeof code === 'string' ? `it cannot be reached (${code})` : 'it cannot be reached';
}
