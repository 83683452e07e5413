import type { ChartPoint } from './history.ts';

/** What a cell of the chart shows, so that the panel can colour it. */
export type ChartInk = 'floor' | 'limit' | 'forecast' | 'none';

/** One cell: a Braille character (two by four dots). */
export interface ChartCell {
  readonly char: string;
  readonly ink: ChartInk;
}

/** What is drawn; the axes follow from it. */
export interface ChartInput {
  readonly points: readonly ChartPoint[];
  readonly nowMs: number;
  readonly columns: number;
  readonly rows: number;
  /** The limit, drawn as a line when it is near enough to be in the picture. */
  readonly limitBytes: number | null;
  /** Expected growth, drawn on to the right; null or not positive: none. */
  readonly bytesPerSecond: number | null;
}

/** A drawn chart, with what its axis means. */
export interface Chart {
  readonly rows: readonly (readonly ChartCell[])[];
  readonly topBytes: number;
  readonly bottomBytes: number;
  /** Whether the limit is in the picture. */
  readonly limitShown: boolean;
}

/** Share of the width that belongs to the future when growth is forecast. */
const FUTURE = 0.3;
/** The limit is in the picture when it is at most so many times the highest floor. */
const LIMIT_IN_SIGHT = 6;
/** Bits of a Braille cell by column and by row from the top. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * Draws the floor as an area over time, the limit as a dashed line, and the forecast as dots to the right of now.
 * Between two floors lies a straight line; after the newest it stands.
 */
export function drawChart(input: ChartInput): Chart {
  const { points, nowMs, columns, rows } = input;
  const [width, height] = [columns * 2, rows * 4];
  const growing = input.bytesPerSecond !== null && input.bytesPerSecond > 0 && points.length > 1;
  const scale = verticalScale(input);
  const firstMs = points[0]?.timeMs ?? nowMs;
  const pastColumns = growing ? Math.round(width * (1 - FUTURE)) : width;
  const msPerColumn = Math.max(1, (nowMs - firstMs) / Math.max(1, pastColumns - 1));
  const dotRow = (bytes: number): number => {
    const share = (bytes - scale.bottomBytes) / (scale.topBytes - scale.bottomBytes);
    return height - 1 - Math.round(Math.min(1, Math.max(0, share)) * (height - 1));
  };
  const canvas = new Canvas(columns, rows);
  const last = points.at(-1);
  let index = 0;
  for (let x = 0; x < width && last !== undefined; x++) {
    const timeMs = firstMs + x * msPerColumn;
    if (x < pastColumns) {
      while (index + 1 < points.length && (points[index + 1]?.timeMs ?? Infinity) <= timeMs) index++;
      for (let y = dotRow(bytesBetween(points[index], points[index + 1], timeMs)); y < height; y++)
        canvas.dot(x, y, 'floor');
    } else if (x % 3 !== 0) {
      const bytes = last.bytes + ((timeMs - last.timeMs) / 1000) * (input.bytesPerSecond ?? 0);
      if (bytes <= scale.topBytes) canvas.dot(x, dotRow(bytes), 'forecast');
    }
  }
  if (scale.limitShown && input.limitBytes !== null) {
    const y = dotRow(input.limitBytes);
    for (let x = 0; x < width; x++) if (x % 4 < 2) canvas.dot(x, y, 'limit');
  }
  return { rows: canvas.cells(), ...scale };
}

function bytesBetween(before: ChartPoint | undefined, after: ChartPoint | undefined, timeMs: number): number {
  if (before === undefined) return 0;
  if (after === undefined || after.timeMs <= before.timeMs || timeMs <= before.timeMs) return before.bytes;
  return before.bytes + ((after.bytes - before.bytes) * (timeMs - before.timeMs)) / (after.timeMs - before.timeMs);
}

function verticalScale(input: ChartInput): Omit<Chart, 'rows'> {
  let [high, low] = [0, Infinity];
  for (const { bytes } of input.points) {
    high = Math.max(high, bytes);
    low = Math.min(low, bytes);
  }
  const limit = input.limitBytes;
  if (limit !== null && limit > 0 && high > 0 && limit <= LIMIT_IN_SIGHT * high) {
    return { topBytes: Math.max(limit, high) * 1.04, bottomBytes: 0, limitShown: true };
  }
  // Far from the limit: the floor's own range, but never so narrow that noise looks like a mountain.
  const topBytes = Math.max(high * 1.15, 1);
  const bottomBytes = input.points.length === 0 ? 0 : Math.max(0, low - Math.max(0.5 * (high - low), 0.25 * high));
  return { topBytes, bottomBytes, limitShown: false };
}

class Canvas {
  readonly #bits: number[][];
  readonly #inks: ChartInk[][];

  constructor(columns: number, rows: number) {
    this.#bits = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
    this.#inks = Array.from({ length: rows }, () => new Array<ChartInk>(columns).fill('none'));
  }

  /** Sets a dot; a cell has one ink, the limit's before the forecast's before the floor's. */
  dot(x: number, y: number, ink: ChartInk): void {
    const [row, column] = [y >> 2, x >> 1];
    const [bits, inks] = [this.#bits[row], this.#inks[row]];
    if (bits === undefined || inks === undefined || column >= bits.length) return;
    bits[column] = (bits[column] ?? 0) | (DOTS[x & 1]?.[y & 3] ?? 0);
    if (ink === 'limit' || inks[column] === 'none') inks[column] = ink;
  }

  cells(): ChartCell[][] {
    return this.#bits.map((bits, row) =>
      bits.map((bit, column): ChartCell => ({
        char: bit === 0 ? ' ' : String.fromCodePoint(0x2800 + bit),
        ink: this.#inks[row]?.[column] ?? 'none',
      })),
    );
  }
}
