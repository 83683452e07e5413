import { centred, dot } from '../growth/vectors.ts';
import type { Shape } from './shape.ts';
import { ratesOf } from './traffic.ts';

/** When growth may be something that fills. */
interface Doubt {
  /** The traffic grew more than this in the second half, … */
  readonly rateGrowth: number;
  /** … and growth by the request slowed down to less than this share, … */
  readonly pacePerRequest: number;
  /** … unless it is a straight line in time, from which nothing that fills comes nearer than so many times its squared residuals. */
  readonly residuals: number;
}
/** The more the traffic grew, the more it takes to be a leak. */
const DOUBTS: readonly Doubt[] = [
  { rateGrowth: 1.2, pacePerRequest: 0.9, residuals: 1.4 },
  { rateGrowth: 1.05, pacePerRequest: 0.75, residuals: 1 },
];
/** What fills has 1/e of its room left after so many times the requests of the stretch. */
const PACES: readonly number[] = [0.15, 0.2, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 8, 16];

/**
 * Whether something that fills with the work done may look like even growth, because the traffic grows: each request adds
 * less, but there are more of them. Growth that slows down by the request, while the traffic rises, is one of two things: a
 * leak with time, which does not care for requests, or a cache on its way to being full. They differ in form. So the closest
 * curve of the second kind (`1 - e^(-requests / pace)`, and beside it memory that is held for the rate of requests, for
 * services do both) is held against the straight line in time: only if the line is clearly closer is it a leak's.
 */
export function mayBeFilling(shape: Shape): boolean {
  const { rateGrowth, pacePerRequest, points } = shape;
  if (rateGrowth === null || pacePerRequest === null) return false;
  const doubt = DOUBTS.find((one) => rateGrowth > one.rateGrowth && pacePerRequest < one.pacePerRequest);
  if (doubt === undefined) return false;
  const { count, timeS, requests } = points;
  const bytes = centred(points.bytes, count);
  const line = residual(centred(timeS, count), bytes);
  const rate = centred(ratesOf(points), count);
  const served = requests[count - 1] - requests[0];
  return PACES.some((pace) => {
    const filled = requests.map((sum) => 1 - Math.exp((requests[0] - sum) / (pace * served)));
    return residualOfBoth(centred(filled, count), rate, bytes) <= doubt.residuals * line;
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
