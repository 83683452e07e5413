/**
 * PostgreSQL's errors for values that it cannot hold: a number out of range, what is no number, and text with a NUL or of no
 * encoding. (SQLite holds all of them.)
 */
const cannotHold: ReadonlySet<unknown> = new Set(['22003', '22P02', '22021', '22P05']);

/** Whether the database works, and cannot hold a value that it was given. */
export function isRefusedValue(error: unknown): error is Error {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof severity === 'string' && cannotHold.has(code);
}
