/** So long are the buckets of age at first, … */
const YOUNG_BUCKET_S = 300;
const YOUNG_S = 4 * 3600;
const YOUNG_BUCKETS = YOUNG_S / YOUNG_BUCKET_S;
/** … and so long from there on: what rises for an hour still shows. */
const BUCKET_S = 1200;
/** What comes later is not kept. */
const KEPT_S = 4 * 86_400;
const MOST = YOUNG_BUCKETS + (KEPT_S - YOUNG_S) / BUCKET_S;
const COLUMNS = 3;

/**
 * The first four days of a life by its age: the lowest point of each bucket of five minutes, after four hours of twenty. What
 * a process did when it was young stays as sharp as it was, however old it gets: 180 points after two days, 324 at most.
 */
export class AgedHistory {
  /** What comes at this age or later is not kept, in seconds. */
  static readonly keptS: number = KEPT_S;

  #data: Float64Array = new Float64Array(COLUMNS * YOUNG_BUCKETS);
  #count = 0;
  #bucket = -1;

  get count(): number {
    return this.#count;
  }

  /** Ages must not fall. Pass NaN for requests that aren't known. */
  add(ageS: number, bytes: number, requests: number): void {
    if (!(ageS < KEPT_S)) return;
    const bucket = bucketOf(ageS);
    if (bucket !== this.#bucket) this.#push(bucket);
    else if (bytes > this.bytes(this.#count - 1)) return;
    this.#data.set([ageS, bytes, requests], (this.#count - 1) * COLUMNS);
  }

  ageS(index: number): number {
    return this.#data[index * COLUMNS];
  }

  bytes(index: number): number {
    return this.#data[index * COLUMNS + 1];
  }

  requests(index: number): number {
    return this.#data[index * COLUMNS + 2];
  }

  #push(bucket: number): void {
    this.#bucket = bucket;
    if (++this.#count * COLUMNS <= this.#data.length) return;
    const wider = new Float64Array(Math.min(2 * this.#data.length, COLUMNS * MOST));
    wider.set(this.#data);
    this.#data = wider;
  }

  /** Ages, bytes and requests, one after the other. */
  save(): number[] {
    return [...this.#data.subarray(0, this.#count * COLUMNS)];
  }

  /** What was saved; null when it is none. */
  static restore(numbers: readonly (number | null)[]): AgedHistory | null {
    if (numbers.length % COLUMNS !== 0 || numbers.length > COLUMNS * MOST) return null;
    const history = new AgedHistory();
    for (let at = 0; at < numbers.length; at += COLUMNS) {
      const [ageS, bytes, requests] = [numbers[at], numbers[at + 1], numbers[at + 2] ?? Number.NaN];
      if (ageS === null || !(ageS >= 0 && ageS < KEPT_S) || bytes === null || !(bytes >= 0)) return null;
      // One to a bucket, in the order of age.
      if (bucketOf(ageS) <= history.#bucket) return null;
      history.add(ageS, bytes, requests);
    }
    return history;
  }
}

function bucketOf(ageS: number): number {
  return ageS < YOUNG_S ? Math.floor(ageS / YOUNG_BUCKET_S) : YOUNG_BUCKETS + Math.floor((ageS - YOUNG_S) / BUCKET_S);
}
