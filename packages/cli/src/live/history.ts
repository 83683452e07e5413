/** A floor at a time, for the chart. */
export interface ChartPoint {
  readonly timeMs: number;
  readonly bytes: number;
}

/** The floors of one series since it began, in bounded memory: when it is full, every second point goes. */
export class FloorHistory {
  readonly #capacity: number;
  #points: ChartPoint[] = [];
  #stride = 1;
  #skipped = 0;

  constructor(capacity = 512) {
    this.#capacity = capacity;
  }

  get points(): readonly ChartPoint[] {
    return this.#points;
  }

  add(point: ChartPoint): void {
    if (++this.#skipped < this.#stride) return;
    this.#skipped = 0;
    this.#points.push(point);
    if (this.#points.length < this.#capacity) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }
}
