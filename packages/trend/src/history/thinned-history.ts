/** Points of a series inside one window of time, oldest first. */
export interface Points {
  count: number;
  timeS: Float64Array;
  bytes: Float64Array;
  heapBytes: Float64Array;
  requests: Float64Array;
}

/** Room for so many points, for `ThinnedHistory.window`. */
export function roomFor(count: number): Points {
  return {
    count: 0,
    timeS: new Float64Array(count),
    bytes: new Float64Array(count),
    heapBytes: new Float64Array(count),
    requests: new Float64Array(count),
  };
}

const COLUMNS = 4;
/** The newest bucket is this share of the series' age. */
const FINENESS = 128;

/**
 * A series in constant memory: at most `capacity` of its own points, close together where they are young and far apart
 * where they are old, but never so far that the past becomes a blur.
 *
 * When it is full, the two neighbours that stand closest for their age make room: the lower of the two stays (a floor is
 * the lower envelope; nothing is averaged, every point that is left was measured). Half of the points are spent evenly on
 * the span, half on its logarithm, so that each doubling of age has as many.
 *
 * While the newest bucket of time is open, the lowest point in it is the newest point. Buckets are `bucketS` long, and of
 * an old series a `FINENESS`th of its age: `add` costs a few operations, and O(capacity) when a bucket ends.
 */
export class ThinnedHistory {
  readonly #capacity: number;
  readonly #bucketS: number;
  /** The points, how many they are, and when the bucket of the newest ends. */
  readonly #data: Float64Array;
  readonly #countAt: number;
  readonly #endsAt: number;

  /** With `state` (of `ThinnedHistory.size(capacity)` numbers) the history goes on where that state was left. */
  constructor(
    capacity: number,
    bucketS: number,
    state: Float64Array = new Float64Array(ThinnedHistory.size(capacity)),
  ) {
    this.#capacity = capacity;
    this.#bucketS = bucketS;
    this.#data = state;
    this.#countAt = capacity * COLUMNS;
    this.#endsAt = this.#countAt + 1;
  }

  static size(capacity: number): number {
    return capacity * COLUMNS + 2;
  }

  get count(): number {
    return this.#data[this.#countAt];
  }

  clear(): void {
    this.#data[this.#countAt] = 0;
  }

  /** Times must not fall. Pass NaN for requests that aren't known. */
  add(timeS: number, bytes: number, heapBytes: number, requests: number): void {
    const data = this.#data;
    let count = data[this.#countAt];
    if (count > 0 && timeS < data[this.#endsAt]) {
      count--;
      if (bytes > data[count * COLUMNS + 1]) return;
    } else {
      data[this.#endsAt] = timeS + Math.max(this.#bucketS, timeS / FINENESS);
      if (count === this.#capacity) {
        this.#makeRoom(count);
        count--;
      }
    }
    const at = count * COLUMNS;
    data[at] = timeS;
    data[at + 1] = bytes;
    data[at + 2] = heapBytes;
    data[at + 3] = requests;
    data[this.#countAt] = count + 1;
  }

  timeS(index: number): number {
    return this.#data[index * COLUMNS];
  }

  bytes(index: number): number {
    return this.#data[index * COLUMNS + 1];
  }

  requests(index: number): number {
    return this.#data[index * COLUMNS + 3];
  }

  /** The points from `fromS` on, the lowest of each of `bins` equal spans of time; written into `points`, if that is given. */
  window(fromS: number, bins: number, points: Points = roomFor(bins)): Points {
    points.count = 0;
    if (this.count === 0) return points;
    let first = 0;
    while (first < this.count && this.timeS(first) < fromS) first++;
    if (first === this.count) return points;
    const startS = this.timeS(first);
    const widthS = (this.timeS(this.count - 1) - startS) / bins || 1;
    let bin = -1;
    for (let index = first; index < this.count; index++) {
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

  /** Takes the point out that stands closest to its neighbour. */
  #makeRoom(count: number): void {
    const data = this.#data;
    const nowS = data[(count - 1) * COLUMNS];
    const perSpan = 1 / (nowS - data[0]);
    const youngS = nowS - data[(count - 2) * COLUMNS];
    const perOctave = 1 / Math.log1p(1 / (perSpan * youngS));
    const endS = nowS + youngS;
    let closest = 0;
    let least = Number.POSITIVE_INFINITY;
    let timeS = data[0];
    for (let index = 0; index + 1 < count; index++) {
      const nextS = data[(index + 1) * COLUMNS];
      const distance = (nextS - timeS) * (perSpan + perOctave / (endS - nextS));
      timeS = nextS;
      if (distance < least) {
        least = distance;
        closest = index;
      }
    }
    const gone = data[closest * COLUMNS + 1] <= data[(closest + 1) * COLUMNS + 1] ? closest + 1 : closest;
    data.copyWithin(gone * COLUMNS, (gone + 1) * COLUMNS, count * COLUMNS);
  }
}
