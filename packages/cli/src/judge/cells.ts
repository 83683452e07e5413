/** What stands in one cell: a size, a count, a time. `null` is nothing (a gap); `NaN` is something that is no such thing. */

/** Bytes in the units that exports use: decimal ones, and binary ones with an i. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  byte: 1,
  bytes: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
};

/** What exporters write where there is no value. */
const NOTHING = /^(?:|-|–|nan|null|undefined|n\/a|none|no data)$/i;

/** Names of units for messages, as they are usually written. */
export const UNIT_NAMES = 'B, kB, KiB, MB, MiB, GB, GiB';

/** Bytes in one of a unit (`MiB`, `GB`, `Ki`, without regard to case); undefined where there is no such unit. */
export function unitBytes(unit: string): number | undefined {
  return UNITS[unit.trim().toLowerCase()];
}

/** A number: `1234.5`, `1,234.5`, and `1234,5` where commas are decimal. Null for nothing, NaN for what is no number. */
export function readNumber(cell: string, decimalComma: boolean): number | null {
  const text = cell.trim();
  if (NOTHING.test(text)) return null;
  const number = Number(text);
  if (!Number.isNaN(number)) return Number.isFinite(number) && !/^[+-]?0[xbo]/i.test(text) ? number : NaN;
  if (decimalComma && /^[+-]?\d+,\d+$/.test(text)) return Number(text.replace(',', '.'));
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return Number(text.replaceAll(',', ''));
  return NaN;
}

/** A size: a number in `plainUnitBytes`, or one with a unit of its own (`1.2 GiB`, `512Mi`). Null for nothing, NaN for no size. */
export function readBytes(cell: string, options: { decimalComma: boolean; plainUnitBytes: number }): number | null {
  const plain = readNumber(cell, options.decimalComma);
  if (plain === null || !Number.isNaN(plain)) return plain === null ? null : plain * options.plainUnitBytes;
  const [, digits = '', unit = ''] = /^\s*([+-]?[\d.,]+(?:e[+-]?\d+)?)\s*([a-z]+)\s*$/i.exec(cell) ?? [];
  const number = digits === '' ? null : readNumber(digits, options.decimalComma);
  return (number ?? NaN) * (unitBytes(unit) ?? NaN);
}

/** Whether a size was written with a unit, which means that it was rounded for people. */
export function hasUnit(cell: string): boolean {
  return /\d\s*[a-z]+\s*$/i.test(cell);
}

/** Seconds since 1970, or since anything: beyond this they are no seconds but parts of them. */
const MOST_SECONDS = 1e11;

/** The contract's `time_s`: seconds. Null for nothing, NaN for what are no seconds (milliseconds, too). */
export function readSeconds(cell: string, decimalComma: boolean): number | null {
  const seconds = readNumber(cell, decimalComma);
  return seconds !== null && Math.abs(seconds) >= MOST_SECONDS ? NaN : seconds;
}

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;

/**
 * A time in seconds since 1970: a date with a time (ISO 8601 and its relatives; UTC where no zone stands beside it), or a
 * number: by its size seconds, milliseconds, microseconds or nanoseconds. Null for nothing, NaN for no time.
 */
export function readTime(cell: string): number | null {
  const text = cell.trim();
  const number = readNumber(text, false);
  if (number === null) return null;
  if (!Number.isNaN(number)) {
    const size = Math.abs(number);
    if (size < MOST_SECONDS) return number;
    return number / (size < 1e14 ? 1e3 : size < 1e17 ? 1e6 : 1e9);
  }
  const match = DATE.exec(text);
  if (match === null) return NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const utc = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC takes the 31st of February for the 3rd of March.
  if (utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    return NaN;
  return utc.getTime() / 1000 + Number(`0.${match[7] ?? '0'}`) - zoneSeconds(match[8] ?? 'Z');
}

type Six = [number, number, number, number, number, number];

function zoneSeconds(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}
