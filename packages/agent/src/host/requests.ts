/**
 * Counts the HTTP requests that this thread serves, by Node's own diagnostics channels: nothing of
 * the host is patched.
 *
 * A request counts when its response closes, answered or aborted; `http.server.response.finish`
 * alone would miss the aborted ones. The route is what Express (4 and 5) leaves on the request,
 * what Fastify (5) publishes, what the program itself tells on the channel `ebb.http.route`, or the
 * path with its values taken out. Koa and Hono show no route from outside, HTTP/2 no request.
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clients } from '../measure/clients.ts';
import type { RequestDurations, RequestSeries } from '../measure/request-durations.ts';
import type { RequestsByRoute } from '../protocol/index.ts';
import { quietly } from './quietly.ts';
import type { RequestsInFlight } from './requests-in-flight.ts';
import { normalizePath, RouteCounts, routePath } from './route-counts.ts';

interface ExpressRequest extends IncomingMessage {
  baseUrl?: unknown;
  originalUrl?: unknown;
  route?: { path?: unknown };
}

/** The channel on which a program may tell the route of a request: `{ request: IncomingMessage, route: string }`. */
const routeChannel = 'ebb.http.route';

/** What else is to be done with each request, and which ones are not the program's. */
export interface RequestWatchOptions {
  /** How many routes are told apart; default 100. */
  maxRoutes?: number;
  /** Where to record how long each request took, from its headers to the close of its response. */
  durations?: RequestDurations;
  /** Tells the time for that, in milliseconds since some moment. */
  monotonicMs?: () => number;
  /** Where to keep which requests are in flight; only together with `monotonicMs`. */
  inFlight?: Pick<RequestsInFlight, 'begin' | 'end'>;
  /** Where to count distinct clients; only together with `durations`. */
  clients?: Pick<Clients, 'observe' | 'record'>;
  /** Servers whose requests are not counted: the agent's own. */
  ownServers?: { has(server: object): boolean };
}

/** Counts requests from its making until it is stopped. */
export class RequestWatch {
  /** Requests that were started and whose response is not closed yet. */
  active = 0;
  readonly #counts: RouteCounts<RequestSeries>;
  readonly #options: RequestWatchOptions;
  readonly #toldRoutes = new WeakMap<object, string>();
  /** Whether any route was ever told on a channel: else nobody looks. */
  #areRoutesTold = false;
  readonly #subscriptions: [name: string, listener: (message: unknown) => void][];
  #seen = false;

  constructor(options: RequestWatchOptions = {}) {
    this.#options = options;
    this.#counts = new RouteCounts(options.maxRoutes);
    this.#subscriptions = [
      ['http.server.request.start', quietly(this.#startListener())],
      [
        'tracing:fastify.request.handler:start',
        quietly((message) => {
          const { request, route } = message as { request: { raw: object }; route: { url?: unknown } };
          if (typeof route.url === 'string') this.#tellRoute(request.raw, route.url);
        }),
      ],
      [
        routeChannel,
        quietly((message) => {
          const { request, route } = message as { request: object; route: unknown };
          if (typeof route === 'string') this.#tellRoute(request, route);
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

  #startListener(): (message: unknown) => void {
    const { durations, monotonicMs, ownServers, inFlight, clients } = this.#options;
    const end = (response: ServerResponse, startedMs: number, handle: number, client: number): void => {
      try {
        this.#end(response, startedMs, handle, client);
      } catch {
        // The host comes first.
      }
    };
    if (durations === undefined || monotonicMs === undefined) {
      // One listener for all responses: nothing is allocated per request but its entry.
      const onClose = function (this: ServerResponse): void {
        end(this, 0, 0, 0);
      };
      return (message) => {
        const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
        this.#begin();
        const nowMs = monotonicMs?.() ?? 0;
        const handle = inFlight?.begin(request.method ?? '', request.url ?? '/', nowMs) ?? 0;
        if (handle === 0) response.on('close', onClose);
        else {
          response.on('close', () => {
            end(response, 0, handle, 0);
          });
        }
      };
    }
    return (message) => {
      const { request, response, server } = message as {
        request: IncomingMessage;
        response: ServerResponse;
        server?: object;
      };
      if (server !== undefined && ownServers?.has(server) === true) return;
      this.#begin();
      const startedMs = monotonicMs();
      const handle = inFlight?.begin(request.method ?? '', request.url ?? '/', startedMs) ?? 0;
      let client = 0;
      // Not `once`, which costs more: a response closes once.
      response.on('close', () => {
        end(response, startedMs, handle, client);
      });
      // Now: of a connection that was cut off, nobody can ask the address any more.
      if (clients !== undefined) client = clients.observe(request);
    };
  }

  #tellRoute(request: object, route: string): void {
    this.#areRoutesTold = true;
    this.#toldRoutes.set(request, route);
  }

  #begin(): void {
    this.#seen = true;
    this.active += 1;
  }

  #end(response: ServerResponse, startedMs: number, handle: number, client: number): void {
    this.active -= 1;
    const request = response.req as ExpressRequest;
    const { statusCode } = response;
    const told = this.#toldRoute(request);
    const route = told ?? routeByPath(request, statusCode);
    const counted = this.#counts.addRoute(request.method ?? 'GET', route);
    const { durations, monotonicMs, inFlight, clients } = this.#options;
    if (handle !== 0) inFlight?.end(handle, urlOf(request), told);
    if (durations === undefined || monotonicMs === undefined) return;
    const status = response.writableFinished ? statusCode : null;
    const seconds = (monotonicMs() - startedMs) / 1e3;
    durations.record(counted, status, seconds);
    if (client !== 0) clients?.record(counted, client, { status, seconds });
  }

  #toldRoute(request: ExpressRequest): string | undefined {
    if (this.#areRoutesTold) {
      const told = this.#toldRoutes.get(request);
      if (told !== undefined) return routePath(told);
    }
    const pattern = patternText(request.route?.path);
    if (pattern === undefined) return undefined;
    // The base is a piece of the real URL where a router is mounted below a parameter.
    const base = typeof request.baseUrl === 'string' && request.baseUrl !== '' ? normalizePath(request.baseUrl) : '';
    return routePath(base + pattern);
  }
}

function routeByPath(request: ExpressRequest, status: number): string {
  // Scanners ask for ever new paths that do not exist; they must not use up the real routes' keys.
  return status === 404 ? '404' : routePath(normalizePath(urlOf(request)));
}

function urlOf({ originalUrl, url }: ExpressRequest): string {
  return typeof originalUrl === 'string' ? originalUrl : (url ?? '/');
}

function patternText(path: unknown): string | undefined {
  if (typeof path === 'string') return path;
  if (path instanceof RegExp) return path.source;
  if (Array.isArray(path)) return path.map((part) => patternText(part) ?? '?').join('|');
  return undefined;
}
