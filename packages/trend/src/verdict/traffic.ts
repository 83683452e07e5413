import { centred, dot } from '../growth/vectors.ts';
import type { Points } from '../history/thinned-history.ts';

/** What grows apart from the rate of requests must be this share of the rise, for sure. */
const OWN_SHARE = 0.6;
/** For sure: by so many standard errors. */
const SURE = 3;
/** Memory that goes with the rate of requests so closely (a coefficient of determination) is the traffic's. */
const ALIKE = 0.8;
/** The rate at a point is that of a stretch about it, of this share of the whole to either side: rates are noisy. */
const NEARBY = 0.12;
/** The rate turns when what it does besides going evenly up or down is so many times the variance of its noise. */
const TURNS = 6;

/**
 * Whether the traffic may account for a rise. Memory that is held while requests come and go follows their rate, up and
 * down; what leaks follows time, or the requests served so far, whatever the rate is. So: bytes on the rate and on time (or
 * on the requests so far) by least squares; the rise is a leak's when most of it goes with the latter, for sure. Where the
 * two can't be told apart, because memory goes with a rate that rises as evenly as time goes by, it is put down to the
 * traffic: that will turn, and a leak won't.
 */
export function explainedByTraffic(points: Points): boolean {
  const { count, timeS, bytes, requests } = points;
  const rates = ratesOf(points);
  const rate = centred(rates, count);
  if (areAlike(rate, centred(bytes, count)) && !turns(points, rates)) return true;
  // All of it over the same stretches: at the ends, where the rate is one side's, it lags behind, and what follows it would not.
  const held = centred(meansOf(points, bytes), count);
  const riseBytes = bytes[count - 1] - bytes[0];
  return [timeS, requests].every((axis) => {
    const least = leastSlope(centred(meansOf(points, axis), count), rate, held);
    return !(least * (axis[count - 1] - axis[0]) >= OWN_SHARE * riseBytes);
  });
}

/** Whether memory goes with the rate of requests, up and down, as closely as if it were held for them. */
export function followsTraffic(points: Points): boolean {
  const { count, bytes } = points;
  return areAlike(centred(ratesOf(points), count), centred(bytes, count));
}

function areAlike(rate: Float64Array, held: Float64Array): boolean {
  const together = dot(rate, held);
  return together > 0 && together * together > ALIKE * dot(rate, rate) * dot(held, held);
}

/** Whether the traffic does more than rise or fall evenly, beyond what its noise makes of it: then time and rate can be told apart. */
function turns(points: Points, rates: Float64Array): boolean {
  const { timeS, requests } = points;
  // At the ends a rate is that of one side only, which bends a straight line.
  const edge = Math.ceil(NEARBY * points.count);
  const count = points.count - 2 * edge;
  if (count < 4) return false;
  const rate = centred(rates.subarray(edge), count);
  const time = centred(timeS.subarray(edge), count);
  const unlikeTime = dot(rate, rate) - dot(rate, time) ** 2 / dot(time, time);
  const stepRate = (to: number): number => (requests[to] - requests[to - 1]) / (timeS[to] - timeS[to - 1]);
  // Noise by second differences of the rates from point to point; each of `rates` is a mean of several of these.
  let squares = 0;
  let before = stepRate(1);
  let now = stepRate(2);
  for (let at = 2; at + 1 < points.count; at++) {
    const next = stepRate(at + 1);
    squares += (before - 2 * now + next) ** 2 / 6;
    before = now;
    now = next;
  }
  const noise = squares / (points.count - 3) / (2 * edge);
  return unlikeTime > TURNS * noise * count;
}

/** Requests a second about each point. */
export function ratesOf(points: Points): Float64Array {
  const { timeS, requests } = points;
  return aboutEach(points, (from, to) => (requests[to] - requests[from]) / (timeS[to] - timeS[from]));
}

/** The mean about each point over the very stretch that its rate is of: at the ends that is one side only. */
function meansOf(points: Points, values: Float64Array): Float64Array {
  const { timeS } = points;
  return aboutEach(points, (from, to) => {
    let area = 0;
    for (let at = from; at < to; at++) area += ((values[at] + values[at + 1]) / 2) * (timeS[at + 1] - timeS[at]);
    return area / (timeS[to] - timeS[from]);
  });
}

/** A figure of the stretch about each point, given its first and its last. */
function aboutEach({ count, timeS }: Points, figure: (from: number, to: number) => number): Float64Array {
  const last = count - 1;
  const nearbyS = (timeS[last] - timeS[0]) * NEARBY;
  const figures = new Float64Array(count);
  let from = 0;
  let to = 0;
  for (let at = 0; at < count; at++) {
    while (from + 1 < at && timeS[at] - timeS[from + 1] >= nearbyS) from++;
    while (to < last && (to <= at || timeS[to] - timeS[at] < nearbyS)) to++;
    figures[at] = figure(from, to);
  }
  return figures;
}

/**
 * The low end of the slope of y on x, beside the rate; all three centred. A rate that would lower y (more traffic, less
 * memory) is left out. The standard error is widened for the autocorrelation of what is left.
 */
function leastSlope(x: Float64Array, rate: Float64Array, y: Float64Array): number {
  const [xx, xy, rr] = [dot(x, x), dot(x, y), dot(rate, rate)];
  const [xr, ry] = [dot(x, rate), dot(rate, y)];
  const determinant = xx * rr - xr * xr;
  if (!(determinant > 1e-9 * xx * rr)) return rr > 0 ? 0 : xy / xx;
  const onRate = Math.max(0, (xx * ry - xr * xy) / determinant);
  const slope = onRate > 0 ? (rr * xy - xr * ry) / determinant : xy / xx;
  let squares = 0;
  let products = 0;
  let before = 0;
  for (let at = 0; at < x.length; at++) {
    const residual = y[at] - slope * x[at] - onRate * rate[at];
    squares += residual * residual;
    products += residual * before;
    before = residual;
  }
  const memory = squares > 0 ? Math.min(0.9, Math.max(0, products / squares)) : 0;
  const variance = (squares / Math.max(1, x.length - 3)) * (onRate > 0 ? rr / determinant : 1 / xx);
  return slope - SURE * Math.sqrt((variance * (1 + memory)) / (1 - memory));
}
