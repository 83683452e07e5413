/**
 * Keeps in the recorder which requests are in flight, by method and route. A request that is written costs two writes to
 * a file, some twenty microseconds each, so that ten or so in a second are, and forty while memory is short: in a busier
 * service most requests pass unwritten. Eight have a place; when all are taken, the last one is that of the newest.
 */
import type { Recorder } from '../record/index.ts';
import { LearnedRoutes } from './learned-routes.ts';

/** Behind the other things that stand in the record. */
export const firstRequestPlace = 8;
const places = 8;
const usualPerMs = 0.01;
const shortPerMs = 0.04;
const mostAtOnce = 10;

export class RequestsInFlight {
  readonly #routes = new LearnedRoutes();
  readonly #handles = new Float64Array(places);
  readonly #recorder: () => Recorder | null;
  /** Whether memory is short: what is in flight may soon be asked for. */
  memoryShort = false;
  #serial = 0;
  #tokens = mostAtOnce;
  #tokensAtMs = 0;

  constructor(recorder: () => Recorder | null) {
    this.#recorder = recorder;
  }

  /** @returns what {@link RequestsInFlight.end} wants to be given; 0 where the request was not written */
  begin(method: string, url: string, monotonicMs: number): number {
    const perMs = this.memoryShort ? shortPerMs : usualPerMs;
    this.#tokens = Math.min(mostAtOnce, this.#tokens + (monotonicMs - this.#tokensAtMs) * perMs);
    this.#tokensAtMs = monotonicMs;
    if (this.#tokens < 1) return 0;
    const recorder = this.#recorder();
    if (recorder === null) return 0;
    this.#tokens -= 1;
    let place = 0;
    while (place < places - 1 && this.#handles[place] !== 0) place += 1;
    this.#serial += 1;
    const handle = this.#serial * places + place;
    this.#handles[place] = handle;
    recorder.stand(firstRequestPlace + place, { kind: 'request', text: `${method} ${this.#routes.guess(url)}` });
    return handle;
  }

  /** @param told the route where somebody said it; undefined where nobody did, or there is none */
  end(handle: number, url: string, told: string | undefined): void {
    const place = handle % places;
    this.#routes.learn(url, told ?? '', told !== undefined);
    if (this.#handles[place] !== handle) return;
    this.#handles[place] = 0;
    this.#recorder()?.stand(firstRequestPlace + place, null);
  }
}
