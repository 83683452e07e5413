/**
 * Counts the HTTP requests that this thread serves, by Node's own diagnostics channels: nothing of
 * the host is patched.
 *
 * A request counts when its response closes, answered or aborted; `http.server.response.finish`
 * alone would miss the aborted ones. The route is what Express (4 and 5) leaves on the request,
 * what Fastify (5) publishes, or the path with its values taken out. Koa, Hono and HTTP/2 show no
 * route, or no request, from outside.
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestsByRoute } from '../protocol/index.ts';
import { quietly } from './quietly.ts';
import { normalizePath, RouteCounts, routeKey } from './route-counts.ts';

interface ExpressRequest extends IncomingMessage {
  baseUrl?: unknown;
  originalUrl?: unknown;
  route?: { path?: unknown };
}

/** Counts requests from its making until it is stopped. */
export class RequestWatch {
  /** Requests that were started and whose response is not closed yet. */
  active = 0;
  readonly #counts: RouteCounts;
  readonly #fastifyRoutes = new WeakMap<object, string>();
  readonly #subscriptions: [name: string, listener: (message: unknown) => void][];
  #seen = false;

  constructor(maxRoutes?: number) {
    this.#counts = new RouteCounts(maxRoutes);
    const onClose = this.#onClose();
    this.#subscriptions = [
      [
        'http.server.request.start',
        quietly((message) => {
          const { response } = message as { response: ServerResponse };
          this.#seen = true;
          this.active += 1;
          // One listener for all responses: nothing is allocated per request but its entry.
          response.once('close', onClose);
        }),
      ],
      [
        'tracing:fastify.request.handler:start',
        quietly((message) => {
          const { request, route } = message as { request: { raw: object }; route: { url?: unknown } };
          if (typeof route.url === 'string') this.#fastifyRoutes.set(request.raw, route.url);
        }),
      ],
    ];
    for (const [name, listener] of this.#subscriptions) diagnosticsChannel.subscribe(name, listener);
  }

  /** Cumulative; null before the first request, because most programs serve none. */
  get total(): number | null {
    return this.#seen ? this.#counts.total : null;
  }

  byRoute(): RequestsByRoute {
    return this.#counts.toRecord();
  }

  stop(): void {
    for (const [name, listener] of this.#subscriptions) diagnosticsChannel.unsubscribe(name, listener);
  }

  #onClose(): (this: ServerResponse) => void {
    const count = quietly((response: ServerResponse) => {
      this.active -= 1;
      this.#counts.add(this.#routeOf(response));
    });
    return function onClose() {
      count(this);
    };
  }

  #routeOf(response: ServerResponse): string {
    const request = response.req as ExpressRequest;
    const method = request.method ?? 'GET';
    const fastify = this.#fastifyRoutes.get(request);
    if (fastify !== undefined) return routeKey(method, fastify);
    const pattern = patternText(request.route?.path);
    if (pattern !== undefined) {
      // The base is a piece of the real URL where a router is mounted below a parameter.
      const base = typeof request.baseUrl === 'string' && request.baseUrl !== '' ? normalizePath(request.baseUrl) : '';
      return routeKey(method, base + pattern);
    }
    // Scanners ask for ever new paths that do not exist; they must not use up the real routes' keys.
    if (response.statusCode === 404) return `${method} 404`;
    const url = typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '/');
    return routeKey(method, normalizePath(url));
  }
}

function patternText(path: unknown): string | undefined {
  if (typeof path === 'string') return path;
  if (path instanceof RegExp) return path.source;
  if (Array.isArray(path)) return path.map((part) => patternText(part) ?? '?').join('|');
  return undefined;
}
