import type { SampleMessage } from '@ebb/agent';
import { attributeToRoutes, RouteTable, type RouteShare } from '@ebb/trend';

/** What the agent counts together because there are too many routes: never named. */
const OTHERS = 'other';
/** Routes that explain less of the growth than this are not told. */
const LEAST_SHARE = 0.2;

/** Floors and the requests of each route by then, of one series: which route feeds its growth, in bytes a request. */
export class ServedRoutes {
  readonly #table: RouteTable;

  constructor(warmupMs: number) {
    this.#table = new RouteTable({ warmupMs });
  }

  /** Takes a floor in that has not been told before. */
  add({ sample, requestsByRoute }: SampleMessage): void {
    const { floor, requests } = sample;
    if (floor === null || requests === null) return;
    const { [OTHERS]: _, ...named } = requestsByRoute;
    const bytes = floor.heapBytes + floor.externalBytes;
    this.#table.add({ timeMs: floor.timeMs, bytes, requests, requestsByRoute: named });
  }

  /** Single routes that feed the growth for sure, the larger share first: nothing where several move together. Some milliseconds. */
  get sure(): readonly RouteShare[] {
    const shares = attributeToRoutes(this.#table)?.shares ?? [];
    return shares.filter(({ sure, share }) => sure && share >= LEAST_SHARE);
  }
}
