import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** A request that is sent again and again. `{i}` in path and body stands for the number of the request. */
export interface Route {
  /** `GET /users/{i}`: what reports and the budget call it. */
  readonly name: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const METHOD_AND_PATH = /^([A-Z]{3,10}) (\/\S*)(?: ([^]+))?$/;

/**
 * A route as `--route` gives it: `GET /path`, or with a body `POST /login {"user":"{i}"}`; a body that is JSON is sent as such.
 *
 * @throws {CliError} EBB_CLI_SOAK_ROUTE
 */
export function parseRoute(text: string): Route {
  const [, method, path, body = null] = METHOD_AND_PATH.exec(text.trim()) ?? [];
  if (method === undefined || path === undefined)
    throw new CliError('EBB_CLI_SOAK_ROUTE', `'${printable(text.slice(0, 120))}' is no route`);
  return { name: `${method} ${path}`, method, path, headers: headersOf(body), body };
}

/** What a body without a stated type is sent as. */
export function headersOf(body: string | null): Record<string, string> {
  if (body === null) return {};
  try {
    JSON.parse(body);
    return { 'content-type': 'application/json' };
  } catch {
    return { 'content-type': 'text/plain; charset=utf-8' };
  }
}

/** Text with the number of the request in its place. */
export function numbered(text: string, call: number): string {
  return text.replaceAll('{i}', String(call));
}
