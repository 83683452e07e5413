/** Routes that somebody has written down already: recorded traffic here, an OpenAPI document in `openapi.ts`. */
import { readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { headersOf, type Route } from './route.ts';

/** What is of a connection, or is computed anew. */
const NOT_SENT = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding', 'upgrade']);

/** Routes of a file, and what was left out of it. */
export interface RouteList {
  readonly routes: readonly Route[];
  /** `DELETE /users/{id}: parameter 'id' has no example`. */
  readonly left: readonly string[];
}

interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly postData?: { readonly mimeType?: string; readonly text?: string };
}

/**
 * Routes of recorded traffic (HTTP Archive 1.2, as browsers' developer tools and proxies save it): each method and path
 * once, as it was sent first. The host is left away: the requests go to the service under test.
 *
 * @throws {CliError} EBB_CLI_SOAK_ROUTES
 */
export function routesOfHar(file: string): RouteList {
  const { log } = readJson(file) as { log?: { entries?: readonly { request?: HarRequest }[] } };
  if (!Array.isArray(log?.entries)) throw unusable(file, 'it has no entries: it is no HTTP Archive');
  const routes = new Map<string, Route>();
  const left: string[] = [];
  for (const { request } of log.entries as readonly { request?: HarRequest }[]) {
    if (request === undefined || !URL.canParse(request.url)) continue;
    const { pathname, search } = new URL(request.url);
    const name = `${request.method} ${pathname}`;
    if (routes.has(name)) continue;
    const body = request.postData?.text ?? null;
    const sent = (request.headers ?? []).filter(
      ({ name: header }) => !header.startsWith(':') && !NOT_SENT.has(header.toLowerCase()),
    );
    const headers = {
      ...headersOf(body),
      ...Object.fromEntries(sent.map(({ name: header, value }) => [header.toLowerCase(), value])),
    };
    routes.set(name, { name, method: request.method, path: `${pathname}${search}`, headers, body });
  }
  return { routes: [...routes.values()], left };
}

function readJson(file: string): unknown {
  const text = readTextOf(file);
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value !== 'object' || value === null) throw new Error('it holds no object');
    return value;
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The text of a file of routes. */
export function readTextOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** That no routes can be read from a file, and why. */
export function unusable(file: string, why: string, cause?: unknown): CliError {
  return new CliError('EBB_CLI_SOAK_ROUTES', `no routes can be read from '${printable(file)}': ${printable(why)}`, {
    cause,
  });
}
