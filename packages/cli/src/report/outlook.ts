import type { Judgement, Trend } from '@ebb/trend';
import { bytes, duration, durationRange, rate, rateRange } from '../wording/quantities.ts';

/** How fast: `+1.1 MB/s (+0.9 to +1.3 MB/s)`, with the interval where it is known. */
export function howFast(trend: Trend): string {
  const [low, high] = trend.interval;
  const speed = rate(trend.bytesPerSecond);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return speed;
  return `${speed} (${rateRange(low, high)})`;
}

/** How long: `the limit of 320 MB is 3.5 minutes away (2.9 to 4.4 minutes)`; null when it is not in sight. */
export function howLong(trend: Trend): string | null {
  if (trend.secondsToLimit === null || !Number.isFinite(trend.secondsToLimit) || trend.limitBytes <= 0) return null;
  const limit = `the limit of ${bytes(trend.limitBytes)}`;
  if (trend.secondsToLimit <= 0) return `${limit} is reached`;
  const [soonest, latest] = trend.secondsToLimitInterval ?? [NaN, NaN];
  if (!Number.isFinite(soonest)) return `${limit} is ${duration(trend.secondsToLimit)} away`;
  const between = Number.isFinite(latest)
    ? durationRange(Math.max(0, soonest), latest)
    : `${duration(Math.max(0, soonest))} at the soonest`;
  return `${limit} is ${duration(trend.secondsToLimit)} away (${between})`;
}

/** The word for a series, as a person would say it; growth that is not proven is `GROWING`, whatever the judge thinks. */
export function verdictWord(verdict: Judgement['verdict'], growing: boolean): string {
  if (verdict === 'leak') return 'LEAK';
  if (growing) return 'GROWING';
  return { clean: 'CLEAN', warming: 'WARMING UP', bounded: 'BOUNDED', native: 'NATIVE GROWTH' }[verdict];
}
