/** One article of an order. */
export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** An order as stored. */
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly region: string;
  readonly placedAtMs: number;
  readonly lines: readonly OrderLine[];
  readonly totalCents: number;
}

/** What the lines cost together. */
export function totalOf(lines: readonly OrderLine[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
}

/** The UTC day of a moment, as `2024-08-10`. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** The hour of a moment in UTC, 0 to 23. */
export function hourOf(timeMs: number): number {
  return new Date(timeMs).getUTCHours();
}
