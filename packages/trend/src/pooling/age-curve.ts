/** How much the processes of a version grow, a request, at which age: so that versions can be compared at equal age and load. */
import { student975, type Estimate } from '../routes/regression.ts';
import { megabytes, span } from '../verdict/words.ts';

/** What a process held at an age, and had served by then. */
export interface AgedRow {
  readonly process: string;
  readonly ageS: number;
  /** Floor after a collection; RSS where nothing else is known. */
  readonly bytes: number;
  /** Cumulative; null where it is not known: then growth is counted by the second. */
  readonly requests: number | null;
}

/** A saved curve: plain JSON. What processes are in the middle of is left out. */
export interface AgeCurveState {
  readonly format: 'ebb.ages/1';
  readonly byRequests: boolean;
  readonly sums: readonly number[];
}

/** Growth at one age. */
export interface AgeBucket {
  readonly fromS: number;
  readonly toS: number;
  /** Steps of growth that were seen at this age, over all processes. */
  readonly steps: number;
  /** Bytes a request (or a second), with an interval of about 95 %; null with fewer than three steps. */
  readonly growth: Estimate | null;
}

/** Ages double from bucket to bucket: 0 to 10 min, to 20, to 40 … beyond four months all is one. */
const FIRST_S = 600;
const BUCKETS = 16;
/** A bucket is seen in so many parts; growth is the difference of the means of neighbouring parts. */
const PARTS = 4;
const LEAST_STEPS = 3;
/** Of processes that are forgotten first when there are more. */
const MOST_PROCESSES = 10_000;

const STEPS = 0;
const BYTES = 1;
const WORK = 2;
const BYTES_SQUARE = 3;
const WORK_SQUARE = 4;
const PRODUCT = 5;
const WIDTH = 6;

interface Part {
  part: number;
  rows: number;
  ageS: number;
  bytes: number;
  requests: number;
  before: { bytes: number; work: number } | null;
}

/**
 * Sums of growth and of work by age: under a kilobyte a version, and eight numbers for each process that is alive. Curves of the
 * same version from several places are added up by `join`.
 *
 * Growth at an age is Σ bytes / Σ requests over the steps of all processes, with the interval of a ratio of sums (each step a
 * draw: Cochran, "Sampling Techniques", 1977, chapter 6). Steps of one process that touch share a part and so go against one
 * another: the interval errs on the wide side.
 */
export class AgeCurve {
  readonly #byRequests: boolean;
  readonly #sums: Float64Array = new Float64Array(BUCKETS * WIDTH);
  readonly #parts = new Map<string, Part>();

  /** `byRequests`: whether growth is counted by the request (else by the second). */
  constructor(options: { byRequests: boolean }) {
    this.#byRequests = options.byRequests;
  }

  get byRequests(): boolean {
    return this.#byRequests;
  }

  /** Takes a row in. Of each process they come in the order of age; a younger one is another process. Never throws. */
  add({ process, ageS, bytes, requests }: AgedRow): void {
    const work = this.#byRequests ? requests : ageS;
    if (work === null || ![ageS, bytes, work].every((value) => Number.isFinite(value) && value >= 0)) return;
    const part = partOf(ageS);
    const open = this.#parts.get(process);
    if (open === undefined || part < open.part || (part === open.part && work < open.requests)) {
      this.#parts.delete(process);
      if (this.#parts.size >= MOST_PROCESSES) {
        const [oldest] = this.#parts.keys();
        this.#parts.delete(oldest);
      }
      this.#parts.set(process, { part, rows: 1, ageS, bytes, requests: work, before: null });
      return;
    }
    if (part === open.part) {
      open.rows++;
      open.ageS += (ageS - open.ageS) / open.rows;
      open.bytes += (bytes - open.bytes) / open.rows;
      open.requests += (work - open.requests) / open.rows;
      return;
    }
    if (open.before !== null) this.#step(open.ageS, open.bytes - open.before.bytes, open.requests - open.before.work);
    const before = { bytes: open.bytes, work: open.requests };
    this.#parts.set(process, { part, rows: 1, ageS, bytes, requests: work, before });
  }

  /** The process is gone: what is known of it stays. */
  forget(process: string): void {
    this.#parts.delete(process);
  }

  /** Adds what another curve of the same version knows. */
  join(other: AgeCurve): void {
    if (other.#byRequests !== this.#byRequests) return;
    for (const [at, value] of other.#sums.entries()) this.#sums[at] += value;
  }

  /** Growth by age, the youngest first; ages that were not seen are left out. */
  get buckets(): AgeBucket[] {
    return Array.from({ length: BUCKETS }, (_, nth) => {
      const sums = this.#sums.subarray(nth * WIDTH, (nth + 1) * WIDTH);
      const fromS = nth === 0 ? 0 : FIRST_S * 2 ** (nth - 1);
      return { fromS, toS: FIRST_S * 2 ** nth, steps: sums[STEPS], growth: growthOf(sums) };
    }).filter(({ steps }) => steps > 0);
  }

  /** Work that was seen at each age, in the order of `buckets`. */
  workAt(fromS: number): number {
    const nth = fromS === 0 ? 0 : Math.round(Math.log2(fromS / FIRST_S)) + 1;
    return this.#sums[nth * WIDTH + WORK];
  }

  save(): AgeCurveState {
    return { format: 'ebb.ages/1', byRequests: this.#byRequests, sums: [...this.#sums] };
  }

  /** The curve that was saved; null when it is no whole state of this version. */
  static restore(state: AgeCurveState): AgeCurve | null {
    const { format, byRequests, sums } = state;
    if ((format as string) !== 'ebb.ages/1' || sums.length !== BUCKETS * WIDTH || !sums.every(Number.isFinite))
      return null;
    const curve = new AgeCurve({ byRequests });
    curve.#sums.set(sums);
    return curve;
  }

  #step(ageS: number, bytes: number, work: number): void {
    if (!(work > 0)) return;
    const row = bucketOf(ageS) * WIDTH;
    const sums = this.#sums;
    sums[row + STEPS]++;
    sums[row + BYTES] += bytes;
    sums[row + WORK] += work;
    sums[row + BYTES_SQUARE] += bytes * bytes;
    sums[row + WORK_SQUARE] += work * work;
    sums[row + PRODUCT] += bytes * work;
  }
}

/** What the newer version does beside the older. */
export interface VersionComparison {
  /** `more`: it grows more than the older at equal age and load; `alike`; `less`; or it can't be told yet. */
  readonly verdict: 'more' | 'alike' | 'less' | 'open';
  /** Bytes a request (or a second) that the newer grows beyond the older, at the ages that both were seen at; null without such. */
  readonly difference: Estimate | null;
  /** What each grows by there, weighed by the newer's load. */
  readonly older: Estimate | null;
  readonly newer: Estimate | null;
  readonly sentence: string;
}

/** Alike is what differs by less than this share of the larger of the two, for sure. */
const ALIKE = 1 / 3;

/**
 * Holds two versions against each other at equal age and load: their growth a request, age by age, where both were seen; the ages
 * weighed by the newer one's load. So neither a start-up, nor old processes beside young ones, nor traffic that grew, make a
 * deploy look guilty.
 */
export function compareVersions(older: AgeCurve, newer: AgeCurve): VersionComparison {
  const unit = newer.byRequests ? 'request' : 'second';
  const then = new Map(
    older.byRequests === newer.byRequests ? older.buckets.map((bucket) => [bucket.fromS, bucket]) : [],
  );
  const ages = newer.buckets.flatMap((bucket) => {
    const before = then.get(bucket.fromS);
    if (before?.growth == null || bucket.growth === null) return [];
    return [{ fromS: bucket.fromS, toS: bucket.toS, work: newer.workAt(bucket.fromS), before, bucket }];
  });
  if (ages.length === 0) {
    const sentence = 'the versions were not seen at the same age yet';
    return { verdict: 'open', difference: null, older: null, newer: null, sentence };
  }
  const load = ages.reduce((sum, { work }) => sum + work, 0);
  const weighed = (of: (age: (typeof ages)[number]) => readonly AgeBucket[], sign: readonly number[]): Estimate => {
    let [value, variance, spread] = [0, 0, 0];
    for (const age of ages) {
      for (const [nth, { growth, steps }] of of(age).entries()) {
        if (growth === null) continue;
        const share = age.work / load;
        const own = ((share * (growth.high - growth.value)) / student975(steps - 1)) ** 2;
        value += sign[nth] * share * growth.value;
        variance += own;
        spread += own ** 2 / (steps - 1);
      }
    }
    // Welch and Satterthwaite's degrees of freedom.
    const reach = variance > 0 ? student975(Math.max(1, variance ** 2 / spread)) * Math.sqrt(variance) : 0;
    return { value, low: value - reach, high: value + reach };
  };
  const difference = weighed(({ bucket, before }) => [bucket, before], [1, -1]);
  const told = { older: weighed(({ before }) => [before], [1]), newer: weighed(({ bucket }) => [bucket], [1]) };
  const larger = Math.max(Math.abs(told.older.value), Math.abs(told.newer.value));
  const verdict =
    difference.low > 0
      ? 'more'
      : difference.high < 0
        ? 'less'
        : Math.max(difference.high, -difference.low) <= ALIKE * larger
          ? 'alike'
          : 'open';
  const { fromS } = ages[0];
  const { toS } = ages[ages.length - 1];
  const sizes = `${megabytes(told.newer.value)} a ${unit} against ${megabytes(told.older.value)} before, at an age of ${span(fromS)} to ${span(toS)}: ${signed(difference.value)} (${signed(difference.low)} to ${signed(difference.high)})`;
  const what = {
    more: 'the newer version grows more',
    less: 'the newer version grows less',
    alike: 'both versions grow alike',
    open: 'which version grows more is not told yet',
  }[verdict];
  return { verdict, difference, ...told, sentence: `${what}: ${sizes}` };
}

function signed(bytes: number): string {
  return bytes < 0 ? `−${megabytes(-bytes)}` : `+${megabytes(bytes)}`;
}

function growthOf(sums: Float64Array): Estimate | null {
  const steps = sums[STEPS];
  const work = sums[WORK];
  if (steps < LEAST_STEPS || !(work > 0)) return null;
  const value = sums[BYTES] / work;
  const square = sums[BYTES_SQUARE] - 2 * value * sums[PRODUCT] + value * value * sums[WORK_SQUARE];
  const reach = student975(steps - 1) * (Math.sqrt((Math.max(0, square) * steps) / (steps - 1)) / work);
  return { value, low: value - reach, high: value + reach };
}

function bucketOf(ageS: number): number {
  return ageS < FIRST_S ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(ageS / FIRST_S)) + 1);
}

/** The number of the part that an age lies in; parts of a bucket are equally long. */
function partOf(ageS: number): number {
  const bucket = bucketOf(ageS);
  const fromS = bucket === 0 ? 0 : FIRST_S * 2 ** (bucket - 1);
  const lengthS = (bucket === 0 ? FIRST_S : fromS) / PARTS;
  return (
    bucket * PARTS +
    (bucket === BUCKETS - 1
      ? Math.floor((ageS - fromS) / lengthS)
      : Math.min(PARTS - 1, Math.floor((ageS - fromS) / lengthS)))
  );
}
