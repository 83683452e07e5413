// From the alarms of a rule on many series to the figures of a table.
import type { Alarm } from './alarm.ts';
import { poissonBound, poissonInterval, quantile, shareInterval } from './intervals.ts';
import type { BenchSeries } from './series.ts';

/** How often a rule was wrong on series that don't leak. */
export class FalseAlarms {
  series = 0;
  days = 0;
  alarms = 0;
  alarmedSeries = 0;

  add(series: BenchSeries, alarms: readonly Alarm[]): void {
    this.series++;
    this.days += daysOf(series);
    this.alarms += alarms.length;
    if (alarms.length > 0) this.alarmedSeries++;
  }

  /** `0.31 (0.19 to 0.47)` a series and day; where there was none, the bound that this supports. */
  perDay(): string {
    if (this.alarms === 0) return `0 (< ${figure(poissonBound(0) / this.days)})`;
    const [low, high] = poissonInterval(this.alarms).map((count) => count / this.days);
    return `${figure(this.alarms / this.days)} (${figure(low)} to ${figure(high)})`;
  }
}

/** How often a rule was right on series that leak, and how early. */
export class Hits {
  series = 0;
  found = 0;
  /** Found with so much of the way to the limit left. */
  early: Record<60 | 80, number> = { 60: 0, 80: 0 };
  /** Found with 80 % of the room left that there would be without the leak. */
  roomy = 0;
  /** Alarms that had ended before the leak began. */
  falseBefore = 0;
  readonly #left: number[] = [];
  readonly #hours: number[] = [];

  add(series: BenchSeries, alarms: readonly Alarm[]): void {
    const fromS = series.leaksFromS ?? 0;
    this.series++;
    this.falseBefore += alarms.filter(({ toS }) => toS < fromS).length;
    const first = alarms.find(({ toS }) => toS >= fromS);
    if (first === undefined) return;
    const atS = Math.max(fromS, first.fromS);
    const index = series.samples.findIndex(({ point }) => point.timeS >= atS);
    if (index < 0) return;
    const left = series.wayLeft(index);
    this.found++;
    this.#left.push(left);
    this.#hours.push((atS - fromS) / 3600);
    for (const share of [60, 80] as const) if (left >= share / 100) this.early[share]++;
    if (series.roomLeft(index) >= 0.8) this.roomy++;
  }

  /** Adds what another counted. */
  plus(other: Hits): this {
    this.series += other.series;
    this.found += other.found;
    this.falseBefore += other.falseBefore;
    this.early[60] += other.early[60];
    this.early[80] += other.early[80];
    this.roomy += other.roomy;
    this.#left.push(...other.#left);
    this.#hours.push(...other.#hours);
    return this;
  }

  recall(): string {
    return share(this.found, this.series);
  }

  recallEarly(left: 60 | 80): string {
    return share(this.early[left], this.series);
  }

  recallRoomy(): string {
    return share(this.roomy, this.series);
  }

  medianLeft(): string {
    return this.found === 0 ? '–' : `${Math.round(100 * quantile(this.#left, 0.5))} %`;
  }

  medianHours(): string {
    return this.found === 0 ? '–' : figure(quantile(this.#hours, 0.5));
  }

  /** Of so many alarmed series, this share leaks, if half of all series do. */
  precision(healthy: FalseAlarms): string {
    const [right, wrong] = [this.found / this.series, healthy.alarmedSeries / healthy.series];
    return right + wrong === 0 ? '–' : (right / (right + wrong)).toFixed(2);
  }
}

export function daysOf({ samples }: BenchSeries): number {
  return (samples.at(-1)!.point.timeS - samples[0].point.timeS) / 86_400;
}

function share(hits: number, of: number): string {
  const [low, high] = shareInterval(hits, of);
  return `${(hits / of).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function figure(value: number): string {
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : Number(value.toPrecision(2)).toString();
}
