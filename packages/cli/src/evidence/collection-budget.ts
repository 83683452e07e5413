import type { Pace } from './pace.ts';

/**
 * Decides when a program that Ebb started may be asked for a full collection, so that a lightly loaded program has
 * post-GC floors too. The program's own collections count: while they come often enough, nothing is asked for.
 *
 * The distance follows from what the last collections took (at most `collectionShare` of the time), and grows slowly
 * while nothing is suspicious, so that a healthy program is left in peace.
 */
export class CollectionBudget {
  readonly #pace: Pace;
  #askedAtMs: number | null = null;
  #tookMs = 50; // before the first answer: what a small heap takes
  #calm = 0;
  #firstMs: number | null = null;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** How far apart two collections must be by now. */
  distanceMs(): number {
    const affordable = this.#tookMs / this.#pace.collectionShare;
    const wanted = this.#pace.minCollectDistanceMs * 1.25 ** Math.min(this.#calm, 40);
    return Math.max(affordable, Math.min(this.#pace.maxCollectDistanceMs, wanted));
  }

  /** Whether to ask now. `floorTimeMs` tells floors apart, `floorAgeMs` is null before the first. */
  due(nowMs: number, floorAgeMs: number | null, suspicious: boolean): boolean {
    this.#firstMs ??= nowMs;
    if (suspicious) this.#calm = 0;
    const distance = this.distanceMs();
    if (this.#askedAtMs !== null && nowMs - this.#askedAtMs < distance) return false;
    if (this.#askedAtMs === null && nowMs - this.#firstMs < this.#pace.minCollectDistanceMs) return false;
    if (floorAgeMs !== null && floorAgeMs < distance) return false;
    this.asked(nowMs);
    if (!suspicious) this.#calm++;
    return true;
  }

  /** A collection was asked for outside the budget's own rhythm (before a snapshot). */
  asked(nowMs: number): void {
    this.#askedAtMs = nowMs;
  }

  /** A collection was answered; `tookMs` is its cost to the program. */
  took(tookMs: number): void {
    this.#tookMs = Math.max(tookMs, 0.7 * this.#tookMs + 0.3 * tookMs);
  }
}
