import { centred, dot } from '../growth/vectors.ts';
import type { Points } from '../history/thinned-history.ts';
import type { Shape } from './shape.ts';
import { ratesOf } from './traffic.ts';

/** With traffic that grew so much in the second half, growth must be in step with the requests … */
const RAMP = 1.2;
/** … to this share, … */
const IN_STEP = 0.9;
/** … or be a straight line in time, from which nothing that fills comes nearer than this many times its squared residuals. */
const STRAIGHT = 1.4;
/** What fills gets nearly full (by all but 1/e of what was missing) after so many times the requests of the stretch. */
const PACES: readonly number[] = [0.15, 0.2, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 8, 16];

/**
 * Whether something that fills with the work done may look like even growth, because the traffic grows: each request adds
 * less, but there are more of them. Growth that slows down by the request, while the traffic rises, is one of two things: a
 * leak with time, which does not care for requests, or a cache on its way to being full. They differ in form. So the closest
 * curve of the second kind (`1 - e^(-requests / pace)`, and beside it memory that is held for the rate of requests, for
 * services do both) is held against the straight line in time: only if the line is clearly closer is it a leak's.
 */
export function mayBeFilling(shape: Shape): boolean {
  const { rateGrowth, points } = shape;
  if (rateGrowth === null || rateGrowth <= RAMP || (shape.pacePerRequest ?? 1) >= IN_STEP) return false;
  const { count, timeS, requests } = points;
  const bytes = centred(points.bytes, count);
  const line = residual(centred(timeS, count), bytes);
  const rate = centred(ratesOf(points), count);
  const served = requests[count - 1] - requests[0];
  return PACES.some((pace) => {
    const filled = requests.map((sum) => 1 - Math.exp((requests[0] - sum) / (pace * served)));
    return residualOfBoth(centred(filled, count), rate, bytes) <= STRAIGHT * line;
  });
}

/** What is left of y, squared, beside the x of it; all of it if y does not rise with x. Both centred. */
function residual(x: Float64Array, y: Float64Array): number {
  const [xx, xy, yy] = [dot(x, x), dot(x, y), dot(y, y)];
  return xx > 0 && xy > 0 ? yy - (xy * xy) / xx : yy;
}

/** The same beside two, of which y holds no less than nothing. */
function residualOfBoth(a: Float64Array, b: Float64Array, y: Float64Array): number {
  const least = Math.min(residual(a, y), residual(b, y));
  const [aa, bb, ab, ay, by] = [dot(a, a), dot(b, b), dot(a, b), dot(a, y), dot(b, y)];
  const determinant = aa * bb - ab * ab;
  if (!(determinant > 1e-9 * aa * bb)) return least;
  const [ofA, ofB] = [(bb * ay - ab * by) / determinant, (aa * by - ab * ay) / determinant];
  return ofA >= 0 && ofB >= 0 ? Math.min(least, dot(y, y) - ofA * ay - ofB * by) : least;
}
