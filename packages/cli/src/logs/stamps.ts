/** Timestamps as logs have them, at the beginning of a line. */

/** A time, and what is left of the line behind it. */
export interface Stamped {
  /** Milliseconds since the epoch; null when the line has none. */
  timeMs: number | null;
  /** Seconds since the boot of the machine, where that is all that is known (`dmesg`). */
  sinceBootSeconds: number | null;
  /** What had to be assumed. */
  assumed: ('zone' | 'year')[];
  rest: string;
}

/** What is assumed where a log does not say. */
export interface StampContext {
  /** Minutes east of UTC. */
  zoneMinutes: number;
  /** When the log was last written to: of the years that fit, the last one before it. */
  writtenAtMs: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(${months.join('|')})`;
const clock = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?`;

const iso = new RegExp(
  String.raw`^[[("]?(\d{4})[-/](\d\d)[-/](\d\d)[T _]${clock} ?(Z|UTC|[+-]\d\d:?\d\d)?[\])"]?[,:]?\s*`,
);
/** `Apr 15 23:04:52`, the stamp of syslog; journalctl has it, too. */
const syslog = new RegExp(String.raw`^${month} {1,2}(\d{1,2}) ${clock} `);
/** `[Tue Sep 16 03:14:22 2026]`, of `dmesg -T`. */
const human = new RegExp(String.raw`^\[\S+ +${month} +(\d{1,2}) ${clock} (\d{4})\]\s*`);
/** `[337533.314412]`, of `dmesg`. */
const boot = /^\[ *(\d+\.\d{3,9})\]\s*/;
/** `E0724 10:11:12.123456   1234 file.go:1] `, of Kubernetes' components. */
const klog = new RegExp(String.raw`^[IWEF](\d\d)(\d\d) ${clock} +\d+ [^\]]*\] `);
/** `<14>` before a line of syslog; `kern  :info  : ` of `dmesg -x`. */
const priority = /^(?:<\d{1,3}>1? ?|(?:kern|user|daemon) *: ?\w+ *: )/;

/** Takes the time off the beginning of a line. */
export function takeStamp(line: string, context: StampContext): Stamped {
  const text = line.replace(priority, '');
  const none = { timeMs: null, sinceBootSeconds: null, assumed: [] };
  let match = iso.exec(text);
  if (match !== null) {
    const [all, year, monthOf, day, h, m, s, fraction, zone] = match;
    const time = utc(year, Number(monthOf), day, h, m, s, fraction);
    const offset = zone === undefined ? context.zoneMinutes : zoneMinutesOf(zone);
    return {
      ...none,
      ...checked(time - offset * 60_000),
      assumed: zone === undefined ? ['zone'] : [],
      rest: text.slice(all.length),
    };
  }
  match = human.exec(text);
  if (match !== null) {
    const [all, name, day, h, m, s, fraction, year] = match;
    const time = utc(year, months.indexOf(name ?? '') + 1, day, h, m, s, fraction) - context.zoneMinutes * 60_000;
    return { ...none, ...checked(time), assumed: ['zone'], rest: text.slice(all.length) };
  }
  match = boot.exec(text);
  if (match !== null) return { ...none, sinceBootSeconds: Number(match[1]), rest: text.slice(match[0].length) };
  match = syslog.exec(text);
  const byName = match !== null;
  match ??= klog.exec(text);
  if (match === null) return { ...none, rest: text };
  const [all, name = '', day, h, m, s, fraction] = match;
  const number = byName ? months.indexOf(name) + 1 : Number(name);
  const inYear = (year: number): number =>
    utc(String(year), number, day, h, m, s, fraction) - context.zoneMinutes * 60_000;
  const year = new Date(context.writtenAtMs).getUTCFullYear();
  // A day is left for clocks and zones that differ.
  const time = inYear(year) > context.writtenAtMs + 86_400_000 ? inYear(year - 1) : inYear(year);
  return { ...none, ...checked(time), assumed: ['year', 'zone'], rest: text.slice(all.length) };
}

/** The time in a field of a JSON line: ISO, or seconds, milliseconds, microseconds or nanoseconds since the epoch. */
export function timeOfField(value: unknown, context: StampContext): Pick<Stamped, 'timeMs' | 'assumed'> | null {
  if (typeof value === 'string' && /^\d{4}-/.test(value)) {
    const { timeMs, assumed } = takeStamp(value, context);
    return timeMs === null ? null : { timeMs, assumed };
  }
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && /^\d{9,19}$/.test(value) ? Number(value) : NaN;
  // From 2001 to 2286 the number of digits tells the unit.
  for (const perMs of [1e-3, 1, 1e3, 1e6]) {
    const ms = number / perMs;
    if (ms >= 1e12 && ms < 1e13) return { timeMs: ms, assumed: [] };
  }
  return null;
}

function utc(
  year: string | undefined,
  monthOf: number,
  day: string | undefined,
  h: string | undefined,
  m: string | undefined,
  s: string | undefined,
  fraction: string | undefined,
): number {
  const ms = fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000);
  return Date.UTC(Number(year), monthOf - 1, Number(day), Number(h), Number(m), Number(s), ms);
}

function zoneMinutesOf(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

function checked(timeMs: number): { timeMs: number | null } {
  return { timeMs: Number.isFinite(timeMs) ? timeMs : null };
}
