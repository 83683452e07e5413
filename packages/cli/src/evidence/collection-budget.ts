import type { Pace } from './pace.ts';

/**
 * Decides when a program that Ebb started may be asked for a full collection, so that a lightly loaded program has
 * post-GC floors too, and a busy one has floors that are comparable: after its own collections it holds what was allocated
 * while V8 marked, tens of megabytes now and none then. So these don't count.
 *
 * A purse fills with `collectionShare` of the time and pays for what collections took; it starts with some credit,
 * because the first floors are worth most. Besides, the distance grows once the program is known to be calm, so that a
 * healthy program is left in peace.
 */
export class CollectionBudget {
  readonly #pace: Pace;
  #creditMs: number;
  #filledAtMs: number | null = null;
  #askedAtMs = -Infinity;
  /** What the next collection is expected to take: the last ones, the dearest counting most. */
  #expectedMs = 50;
  #calm = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#creditMs = pace.collectionCreditMs;
  }

  /** Whether to ask now; `calm` means that the judge sees no growth. */
  due(nowMs: number, calm: boolean): boolean {
    if (this.#filledAtMs === null) this.#askedAtMs = nowMs; // not in the first moment
    this.#creditMs = Math.min(
      2 * this.#pace.collectionCreditMs + this.#expectedMs,
      this.#creditMs + (nowMs - (this.#filledAtMs ?? nowMs)) * this.#pace.collectionShare,
    );
    this.#filledAtMs = nowMs;
    if (!calm) this.#calm = 0;
    const distanceMs = Math.min(this.#pace.maxCollectDistanceMs, this.#pace.minCollectDistanceMs * 1.25 ** this.#calm);
    if (nowMs - this.#askedAtMs < distanceMs) return false;
    if (this.#creditMs < this.#expectedMs) return false;
    this.asked(nowMs);
    if (calm) this.#calm = Math.min(this.#calm + 1, 40);
    return true;
  }

  /** A collection was asked for, by the budget's own rhythm or before a snapshot. */
  asked(nowMs: number): void {
    this.#askedAtMs = nowMs;
  }

  /** A collection was answered; `tookMs` is what it cost the program. */
  took(tookMs: number): void {
    this.#creditMs -= tookMs;
    this.#expectedMs = Math.max(tookMs, 0.7 * this.#expectedMs + 0.3 * tookMs);
  }
}
