/** Points of a series inside one window of time, oldest first. */
export interface Points {
  count: number;
  timeS: Float64Array;
  bytes: Float64Array;
  heapBytes: Float64Array;
  requests: Float64Array;
}

const COLUMNS = 4;

/**
 * A series in constant memory: at most `capacity` of its own points, close together where they are young and far apart
 * where they are old, but never so far that the past becomes a blur.
 *
 * When it is full, the two neighbours that stand closest for their age make room: the lower of the two stays (a floor is
 * the lower envelope; nothing is averaged, every point that is left was measured). Half of the points are spent evenly on
 * the span, half on its logarithm, so that each doubling of age has as many.
 * `add` costs O(capacity).
 */
export class ThinnedHistory {
  readonly #capacity: number;
  readonly #data: Float64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#data = new Float64Array(capacity * COLUMNS);
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Times must rise; a point at the time of the newest one replaces it. Pass NaN for requests that aren't known. */
  add(timeS: number, bytes: number, heapBytes: number, requests: number): void {
    if (this.#count > 0 && timeS <= this.timeS(this.#count - 1)) this.#count--;
    else if (this.#count === this.#capacity) this.#makeRoom();
    this.#data.set([timeS, bytes, heapBytes, requests], this.#count * COLUMNS);
    this.#count++;
  }

  timeS(index: number): number {
    return this.#data[index * COLUMNS];
  }

  bytes(index: number): number {
    return this.#data[index * COLUMNS + 1];
  }

  /** The points from `fromS` on, the lowest of each of `bins` equal spans of time. */
  window(fromS: number, bins: number): Points {
    const points: Points = {
      count: 0,
      timeS: new Float64Array(bins),
      bytes: new Float64Array(bins),
      heapBytes: new Float64Array(bins),
      requests: new Float64Array(bins),
    };
    if (this.#count === 0) return points;
    let first = 0;
    while (first < this.#count && this.timeS(first) < fromS) first++;
    if (first === this.#count) return points;
    const startS = this.timeS(first);
    const widthS = (this.timeS(this.#count - 1) - startS) / bins || 1;
    let bin = -1;
    for (let index = first; index < this.#count; index++) {
      const own = Math.min(bins - 1, Math.floor((this.timeS(index) - startS) / widthS));
      const at = points.count - 1;
      if (own === bin && this.bytes(index) > points.bytes[at]) continue;
      const slot = own === bin ? at : points.count++;
      bin = own;
      points.timeS[slot] = this.timeS(index);
      points.bytes[slot] = this.bytes(index);
      points.heapBytes[slot] = this.#data[index * COLUMNS + 2];
      points.requests[slot] = this.#data[index * COLUMNS + 3];
    }
    return points;
  }

  #makeRoom(): void {
    const nowS = this.timeS(this.#count - 1);
    const spanS = nowS - this.timeS(0);
    const youngS = nowS - this.timeS(this.#count - 2);
    const octaves = Math.log1p(spanS / youngS);
    let closest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index + 1 < this.#count; index++) {
      const density = 1 / spanS + 1 / ((nowS - this.timeS(index + 1) + youngS) * octaves);
      const distance = (this.timeS(index + 1) - this.timeS(index)) * density;
      if (distance < least) {
        least = distance;
        closest = index;
      }
    }
    const gone = this.bytes(closest) <= this.bytes(closest + 1) ? closest + 1 : closest;
    this.#data.copyWithin(gone * COLUMNS, (gone + 1) * COLUMNS, this.#count * COLUMNS);
    this.#count--;
  }
}
