/** Routes that somebody has written down already: an OpenAPI document, or recorded traffic. */
import { readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { headersOf, type Route } from './route.ts';

/** What is of a connection, or is computed anew. */
const NOT_SENT = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding', 'upgrade']);
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

/** Routes of an OpenAPI document, and what was left out of it. */
export interface RouteList {
  readonly routes: readonly Route[];
  /** `DELETE /users/{id}: parameter 'id' has no example`. */
  readonly left: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema?: { readonly example?: unknown; readonly default?: unknown; readonly enum?: readonly unknown[] };
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> };
}

/**
 * Routes of an OpenAPI 3 document in JSON: every operation whose required parameters and body have an example.
 *
 * @throws {CliError} EBB_CLI_SOAK_ROUTES
 */
export function routesOfOpenApi(file: string): RouteList {
  const { paths } = readJson(file) as { paths?: Record<string, Record<string, unknown>> };
  if (typeof paths !== 'object') throw unusable(file, 'it has no paths: it is no OpenAPI document');
  const routes: Route[] = [];
  const left: string[] = [];
  for (const [path, item] of Object.entries(paths)) {
    const shared = (item['parameters'] ?? []) as readonly Parameter[];
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (operation === undefined) continue;
      const route = routeOf(method.toUpperCase(), path, [...shared, ...(operation.parameters ?? [])], operation);
      if (typeof route === 'string') left.push(`${method.toUpperCase()} ${path}: ${route}`);
      else routes.push(route);
    }
  }
  return { routes, left };
}

function routeOf(method: string, path: string, parameters: readonly Parameter[], operation: Operation): Route | string {
  let filled = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const parameter of parameters) {
    const { name, in: where, required = where === 'path', example, schema } = parameter;
    const value = example ?? schema?.example ?? schema?.default ?? schema?.enum?.[0];
    if (value === undefined) {
      if (required) return `parameter '${name}' has no example`;
      continue;
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (where === 'path') filled = filled.replaceAll(`{${name}}`, encodeURIComponent(text));
    else if (where === 'query') query.append(name, text);
    else if (where === 'header') headers[name.toLowerCase()] = text;
  }
  const content = Object.entries(operation.requestBody?.content ?? {});
  const [told] = content.filter(([, { example }]) => example !== undefined);
  if (operation.requestBody !== undefined && told === undefined) return 'its body has no example';
  const body =
    told === undefined ? null : typeof told[1].example === 'string' ? told[1].example : JSON.stringify(told[1].example);
  const type = told === undefined ? {} : { 'content-type': told[0] };
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return { name: `${method} ${path}`, method, path: `${filled}${search}`, headers: { ...headers, ...type }, body };
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
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (typeof value !== 'object' || value === null) throw new Error('it holds no object');
    return value;
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unusable(file: string, why: string, cause?: unknown): CliError {
  return new CliError('EBB_CLI_SOAK_ROUTES', `no routes can be read from '${printable(file)}': ${printable(why)}`, {
    cause,
  });
}
