/** Quantities in the words a person reads. Bytes are decimal (1 MB is 1,000,000 bytes), as in Ebb's reports. */

/** `2.1 KB`, `84 MB`, `1.3 GB`; three figures at most, minus sign kept. */
export function bytes(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '-' : '';
  if (size < 999.5) return `${sign}${Math.round(size)} B`;
  for (const [unit, factor] of [
    ['KB', 1e3],
    ['MB', 1e6],
  ] as const) {
    if (size < factor * 999.5) return `${sign}${figures(size / factor)} ${unit}`;
  }
  return `${sign}${figures(size / 1e9)} GB`;
}

/** `+1.1 MB/s`; slow growth is told by the minute or the hour, so that it can be imagined. */
export function rate(bytesPerSecond: number): string {
  const size = Math.abs(bytesPerSecond);
  const sign = bytesPerSecond < 0 ? '-' : '+';
  if (size >= 100e3) return `${sign}${bytes(size)}/s`;
  if (size * 60 >= 10e3) return `${sign}${bytes(size * 60)} a minute`;
  return `${sign}${bytes(size * 3600)} an hour`;
}

/** `0.9 s`, `40 s`, `3.5 minutes`, `23 minutes`, `4.1 hours`, `12 days`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${figures(seconds)} s`;
  if (seconds < 119.5) return `${Math.round(seconds)} s`;
  if (seconds < 119.5 * 60) return `${figures(seconds / 60)} minutes`;
  if (seconds < 47.5 * 3600) return `${figures(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86_400).toLocaleString('en')} days`;
}

/** `2.1 to 2.4 minutes`, `50 s to 2.1 minutes`: the unit stands once where it is the same. */
export function durationRange(fromSeconds: number, toSeconds: number): string {
  return joined(duration(fromSeconds), duration(toSeconds));
}

/** `+562 to +599 KB/s`. */
export function rateRange(from: number, to: number): string {
  return joined(rate(from), rate(to));
}

function joined(from: string, to: string): string {
  const [low, unit] = split(from);
  return unit === split(to)[1] ? `${low} to ${to}` : `${from} to ${to}`;
}

function split(quantity: string): [string, string] {
  const at = quantity.indexOf(' ');
  return [quantity.slice(0, at), quantity.slice(at)];
}

/** `1:23`, `1:02:03`: a clock for how long something runs. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `18,204`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

const two = (value: number): string => String(value).padStart(2, '0');
const figures = (value: number): string => (value >= 9.95 ? Math.round(value).toString() : value.toFixed(1));
