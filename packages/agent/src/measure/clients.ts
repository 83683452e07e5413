/**
 * Distinct clients by route, all and those that met a slow or failed answer, since they were last taken. What is kept of a
 * client is described in `client-sketch.ts`; a sketch is a kilobyte, and there are some two hundred at most.
 */
import type { CountedRoute } from '../host/route-counts.ts';
import { withClientAddress, type AddressedRequest } from './client-address.ts';
import { ClientSketch, observationOf } from './client-sketch.ts';
import { keyedHash, keyOf } from './keyed-hash.ts';
import type { RequestSeries } from './request-durations.ts';

/** A request that takes longer is slow; `@ebb/server` says the same. */
const slowSeconds = 1;
/** Routes whose clients are told in one export: those with the most bad answers, then the busiest. */
const mostToldRoutes = 10;

/** The clients of one route, or of all. */
export interface RouteClients {
  /** Undefined for all routes together. */
  route: { method: string; route: string } | undefined;
  all: ClientSketch;
  affected: ClientSketch;
  requests: number;
  affectedRequests: number;
}

export class Clients {
  readonly #hash: ReturnType<typeof keyedHash>;
  readonly #byRoute = new Map<CountedRoute<RequestSeries>, RouteClients>();
  readonly #whole: RouteClients = emptyClients(undefined);

  /** @param secret what the processes of a service have in common, and nobody else */
  constructor(secret: string) {
    this.#hash = keyedHash(keyOf(secret));
  }

  /** What is kept of the request's client until it is answered; 0 where it has no address. */
  observe(request: AddressedRequest): number {
    return withClientAddress(request, this.#observation);
  }

  /** Counts the client of a request that was answered, or cut off. */
  record(
    counted: CountedRoute<RequestSeries>,
    observation: number,
    outcome: { status: number | null; seconds: number },
  ): void {
    if (observation === 0) return;
    let own = this.#byRoute.get(counted);
    if (own === undefined) {
      own = emptyClients(counted.method === '' ? { method: '_OTHER', route: counted.route } : counted);
      this.#byRoute.set(counted, own);
    }
    const { status, seconds } = outcome;
    const isAffected = status === null || status >= 500 || seconds > slowSeconds;
    add(own, observation, isAffected);
    add(this.#whole, observation, isAffected);
  }

  /** The clients since this was last asked, as `use` tells them; then they are forgotten. */
  take<Told>(use: (clients: RouteClients) => Told[]): Told[] {
    const told = [...this.#byRoute.values()]
      .filter(({ requests }) => requests > 0)
      .sort((a, b) => b.affectedRequests - a.affectedRequests || b.requests - a.requests)
      .slice(0, mostToldRoutes);
    const result = [this.#whole, ...told].filter(({ requests }) => requests > 0).flatMap(use);
    for (const clients of [this.#whole, ...this.#byRoute.values()]) {
      if (clients.requests === 0) continue;
      clients.requests = clients.affectedRequests = 0;
      clients.all.clear();
      clients.affected.clear();
    }
    return result;
  }

  readonly #observation = (text: string, start: number, end: number): number =>
    observationOf(this.#hash(text, start, end));
}

function add(clients: RouteClients, observation: number, isAffected: boolean): void {
  clients.requests += 1;
  clients.all.add(observation);
  if (!isAffected) return;
  clients.affectedRequests += 1;
  clients.affected.add(observation);
}

function emptyClients(route: RouteClients['route']): RouteClients {
  return { route, all: new ClientSketch(), affected: new ClientSketch(), requests: 0, affectedRequests: 0 };
}
