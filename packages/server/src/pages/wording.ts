/** Quantities and times in words. */
import type { Verdict } from '@ebb/trend';
import { html, type Markup } from './html.ts';

/** `41 MB`: three digits at most, in powers of ten. */
export function bytes(value: number): string {
  const size = Math.abs(value);
  const sign = value <= -0.5 ? '−' : '';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const at = Math.min(units.length - 1, size < 1 ? 0 : Math.floor(Math.log10(Math.max(1, size)) / 3 + 1e-9));
  const scaled = size / 1000 ** at;
  return `${sign}${scaled >= 100 || at === 0 ? Math.round(scaled) : Number(scaled.toPrecision(2))} ${units[at]}`;
}

/** `+9.1 MB a minute`, or an hour or a day where that is more telling; `none` for less than a kilobyte a day. */
export function pace(bytesPerSecond: number): string {
  if (Math.abs(bytesPerSecond) * 86_400 < 1000) return 'none';
  const [seconds, unit] =
    Math.abs(bytesPerSecond) * 60 >= 1e5
      ? [60, 'minute']
      : Math.abs(bytesPerSecond) * 3600 >= 1e5
        ? [3600, 'hour']
        : [86_400, 'day'];
  const size = bytesPerSecond * seconds;
  return `${size > 0 ? '+' : ''}${bytes(size)} ${unit === 'hour' ? 'an' : 'a'} ${unit}`;
}

/** `23 minutes`: one unit, rounded. */
export function span(seconds: number): string {
  const units: [size: number, unit: string][] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, unit] of units) if (seconds >= 1.5 * size) return `${Math.round(seconds / size)} ${unit}s`;
  const whole = Math.max(0, Math.round(seconds));
  return `${whole} ${whole === 1 ? 'second' : 'seconds'}`;
}

/** `18 to 31 minutes`, or with a unit each; empty where no bound is known. */
export function spanInterval(interval: readonly [number | null, number | null] | null): string {
  const [soonest, latest] = interval ?? [null, null];
  if (soonest === null) return latest === null ? '' : `${span(latest)} at most`;
  if (latest === null) return `${span(soonest)} or more`;
  const [from, to] = [span(soonest), span(latest)];
  if (from === to) return from;
  const unit = /\D+$/.exec(to)?.[0] ?? '';
  return `${from.endsWith(unit) ? from.slice(0, -unit.length) : from} to ${to}`;
}

/** `3 processes`, `1 process`. */
export function count(many: number, one: string, more: string = `${one}s`): string {
  return `${many.toLocaleString('en')} ${many === 1 ? one : more}`;
}

/** `2026-11-21 17:30 UTC`. */
export function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A time for readers and for programs, with how long ago it was. */
export function timeElement(timeMs: number, nowMs: number): Markup {
  const agoSeconds = (nowMs - timeMs) / 1000;
  const ago = agoSeconds < 1.5 ? 'just now' : `${span(agoSeconds)} ago`;
  return html`<time datetime="${new Date(timeMs).toISOString()}" title="${utc(timeMs)}">${ago}</time>`;
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  leak: 'leaks',
  native: 'grows outside of the heap',
  bounded: 'grows within a bound',
  warming: 'warming up',
  clean: 'steady',
};

/** A verdict as a person reads it; the colour only repeats it. */
export function verdictBadge(verdict: Verdict): Markup {
  return html`<span class="badge ${verdict}">${verdictWords[verdict]}</span>`;
}
