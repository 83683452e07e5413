import type { SeriesRow } from './rows.ts';

const FIELDS = 8;

/** Rows of one series, kept as numbers: 64 bytes a row, and eight for each route. */
export class KeptRows {
  #numbers = new Float64Array(FIELDS * 64);
  #stride = FIELDS;
  #count = 0;
  readonly #texts: (string | null)[] = [null];
  /** Whether there are floors among them. */
  hasFloors = false;

  add(row: SeriesRow): void {
    if (this.#count === 0) this.#stride = FIELDS + row.routes.length;
    if (row.kind === 'floor') this.hasFloors = true;
    const at = this.#count++ * this.#stride;
    if (at + this.#stride > this.#numbers.length) {
      const larger = new Float64Array(Math.max(this.#numbers.length, this.#stride) * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set(
      [
        row.timeS,
        row.bytes,
        row.line,
        row.kind === 'floor' ? 1 : 0,
        row.limitBytes ?? NaN,
        row.requests ?? NaN,
        row.ageS ?? NaN,
        this.#textAt(row.version),
        ...row.routes.map((requests) => requests ?? NaN),
      ],
      at,
    );
  }

  /** Seconds between the first two rows of different times; 0 where there are none. */
  get firstIntervalS(): number {
    const timeOf = (nth: number): number => this.#numbers[nth * this.#stride] ?? 0;
    for (let nth = 1; nth < this.#count; nth++) if (timeOf(nth) !== timeOf(0)) return Math.abs(timeOf(nth) - timeOf(0));
    return 0;
  }

  /** The rows in the order of time; those of one time in the order of their lines. */
  *sorted(series: string, siblingGroup: string | null = null): Generator<SeriesRow> {
    const stride = this.#stride;
    const numbers = this.#numbers;
    const order = Uint32Array.from({ length: this.#count }, (_, nth) => nth);
    // A stable sort: rows of one time stay as they came.
    order.sort((a, b) => (numbers[a * stride] ?? 0) - (numbers[b * stride] ?? 0) || a - b);
    for (const nth of order) {
      const at = nth * stride;
      const field = (index: number): number | null => orNull(numbers[at + index]);
      yield {
        series,
        siblingGroup,
        timeS: numbers[at] ?? 0,
        bytes: numbers[at + 1] ?? 0,
        line: numbers[at + 2] ?? 0,
        kind: numbers[at + 3] === 1 ? 'floor' : 'rss',
        limitBytes: field(4),
        requests: field(5),
        ageS: field(6),
        version: this.#texts[numbers[at + 7] ?? 0] ?? null,
        routes: Array.from(numbers.subarray(at + FIELDS, at + stride), orNull),
      };
    }
  }

  #textAt(text: string | null): number {
    const at = this.#texts.indexOf(text);
    return at < 0 ? this.#texts.push(text) - 1 : at;
  }
}

function orNull(number: number | undefined): number | null {
  return number === undefined || Number.isNaN(number) ? null : number;
}
