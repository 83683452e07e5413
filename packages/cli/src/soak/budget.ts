/** What routes may leak, as a file that is committed beside the code: it only ever gets smaller by itself. */
import { existsSync, readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** `ebb.budget.json`. */
export interface Budget {
  readonly format: 'ebb.budget/1';
  /** Bytes a request that a route may leave behind; a route that is not named may leave nothing. */
  readonly routes: Readonly<Record<string, { readonly bytesPerRequest: number }>>;
}

const EMPTY: Budget = { format: 'ebb.budget/1', routes: {} };

/**
 * Reads a budget; an empty one where the file does not exist and nobody asked for it by name.
 *
 * @throws {CliError} EBB_CLI_SOAK_BUDGET
 */
export function readBudget(file: string, { optional }: { optional: boolean }): Budget {
  if (optional && !existsSync(file)) return EMPTY;
  const unusable = (why: string, cause?: unknown): CliError =>
    new CliError('EBB_CLI_SOAK_BUDGET', `the budget '${printable(file)}' cannot be used: ${printable(why)}`, { cause });
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw unusable(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { format, routes } = (parsed ?? {}) as { format?: unknown; routes?: unknown };
  if (format !== 'ebb.budget/1' || typeof routes !== 'object' || routes === null)
    throw unusable(`it does not say "format": "ebb.budget/1" and "routes"`);
  for (const [route, entry] of Object.entries(routes)) {
    const bytes = (entry as { bytesPerRequest?: unknown } | null)?.bytesPerRequest;
    if (typeof bytes !== 'number' || !Number.isFinite(bytes) || bytes < 0)
      throw unusable(`'bytesPerRequest' of '${route}' is no number of bytes`);
  }
  return parsed as Budget;
}

/** What was measured of a route, as far as the budget goes. */
export interface Spent {
  readonly route: string;
  readonly leaks: boolean;
  /** The upper end of the interval. */
  readonly mostBytes: number;
}

/**
 * The ratchet: a route that leaks less than it may gets that as its budget from now on, and one that is not named yet what
 * it leaks today. No budget is ever raised: that is for a person to do, in the file.
 */
export function ratcheted(budget: Budget, spent: readonly Spent[]): Budget {
  const routes: Record<string, { bytesPerRequest: number }> = { ...budget.routes };
  for (const { route, leaks, mostBytes } of spent) {
    const needed = leaks ? Math.max(0, Math.ceil(mostBytes)) : 0;
    const before = budget.routes[route]?.bytesPerRequest ?? Infinity;
    routes[route] = { bytesPerRequest: Math.min(before, needed) };
  }
  const sorted = Object.entries(routes).sort(([a], [b]) => (a < b ? -1 : 1));
  return { format: 'ebb.budget/1', routes: Object.fromEntries(sorted) };
}
