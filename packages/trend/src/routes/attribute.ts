/**
 * Which route leaks, and how much a request? The floor after collections is held against the cumulative requests of each route.
 *
 * 1. The table of rows becomes a regression with noise that remembers (`regression.ts`), and with what no route may have
 *    credit for always in it: levels, the present traffic, a curve that settles (`design.ts`).
 * 2. Few routes leak, and none gives memory back. So the culprits are sought one by one, each with a coefficient that is not
 *    negative: the one that makes the rows likeliest is taken in, as long as that is better than none by odds of 20 to 1;
 *    after each, all are held against every other that might stand in its place. (Non-negative least squares over all
 *    routes at once blames a route of programs that do not leak, and one of several that move together: see the bench.)
 *    Besides the routes, `requests` (every request leaks, whichever route it takes) and `time` are candidates.
 * 3. What might stand in the place of a culprit with a chance worth naming is told with it: the smallest set of candidates that
 *    holds it with 99 % (each as likely as the other before anything is seen). Routes that move together end up in one set:
 *    then nothing in the figures tells which of them leaks, and only what they add together is told.
 * 4. The interval of a set is that of its sum, beside the other culprits, averaged over what else might leak a little, so
 *    that a second leak that is only half seen widens it.
 *
 * Nothing is said of a table too short, and no route is `sure` unless it stands alone and its interval stays above zero.
 */
import { megabytes } from '../verdict/words.ts';
import { designOf, type Candidate, type Design } from './design.ts';
import { intervalOf, Regression, type Estimate } from './regression.ts';
import type { RouteTable } from './route-table.ts';

/** Routes that feed the growth: one, or several that cannot be told apart. */
export interface RouteShare {
  /** Those that are named; empty when it is every request alike, or time. */
  readonly routes: readonly string[];
  /** Every request, whichever route it takes, would explain it as well; alone in the set, it is the explanation. */
  readonly anyRoute: boolean;
  /** Time, whatever is requested, would explain it as well; alone in the set, it is the explanation. */
  readonly orTime: boolean;
  /** Of one request of any of these routes (of a second, where it is time alone), with an interval of about 95 %. */
  readonly bytesPerRequest: Estimate;
  /** Of the growth, how much this explains: 0 to 1. */
  readonly share: number;
  /** One route, told apart from all others and from time, with an interval above zero. */
  readonly sure: boolean;
  /** The same in words. */
  readonly sentence: string;
}

/** What the requests say about the growth. */
export interface RouteAttribution {
  /** The larger share first; empty when nothing grows in step with anything. */
  readonly shares: readonly RouteShare[];
  /** From the first rows to the last, over all lives. */
  readonly growthBytes: number;
}

const LEAST_ROWS = 10;
const MOST_CULPRITS = 3;
/** Beyond this chance that nothing (more) leaks, no culprit is named. */
const NONE = 0.05;
/** A set of candidates holds the culprit with this chance. */
const SURE = 0.99;
/** What is less likely than this changes no interval. */
const NEGLIGIBLE = 0.002;
/** Residuals need so many degrees of freedom. */
const LEAST_FREEDOM = 5;

/** Holds the growth in a table against its routes; null when there is too little to say anything. Some milliseconds. */
export function attributeToRoutes(table: RouteTable): RouteAttribution | null {
  const design = designOf(table.routes, table.rows);
  if (design === null || design.rows.bytes.length < LEAST_ROWS) return null;
  const culprits = seek(design);
  const sets = merged(culprits.map((culprit) => alternatives(design, culprits, culprit)));
  const growthBytes = design.rise(design.rows.bytes);
  const shares = sets.flatMap((set) => shareOf(design, set, sets, growthBytes) ?? []).sort((a, b) => b.share - a.share);
  return { shares, growthBytes };
}

/** The culprits, the clearest first. */
function seek(design: Design): Candidate[] {
  const culprits: Candidate[] = [];
  while (culprits.length < MOST_CULPRITS) {
    const regression = regressionWith(design, culprits);
    if (regression.freedom < LEAST_FREEDOM) break;
    const chances = chancesOf(regression, others(design, culprits));
    const [best] = chances.candidates;
    if (best === undefined || chances.none > NONE) break;
    culprits.push(best.candidate);
    for (let nth = 0; nth < culprits.length - 1; nth++) exchange(design, culprits, nth);
  }
  return culprits.filter((culprit) => {
    const guess = regressionWith(design, without(culprits, culprit)).guess(culprit.column);
    return guess !== null && guess.value > 0;
  });
}

/** Puts what explains better in the place of one culprit, beside the others. */
function exchange(design: Design, culprits: Candidate[], nth: number): void {
  const rest = without(culprits, culprits[nth]);
  const [best] = chancesOf(regressionWith(design, rest), others(design, rest)).candidates;
  if (best !== undefined) culprits[nth] = best.candidate;
}

/** All that may stand in a culprit's place, with it. */
function alternatives(design: Design, culprits: readonly Candidate[], culprit: Candidate): Candidate[] {
  const rest = without(culprits, culprit);
  const { candidates } = chancesOf(regressionWith(design, rest), others(design, rest));
  const sum = candidates.reduce((total, { chance }) => total + chance, 0);
  const set: Candidate[] = [];
  let held = 0;
  for (const { candidate, chance } of candidates) {
    set.push(candidate);
    held += chance / sum;
    if (held >= SURE) break;
  }
  return set.includes(culprit) ? set : [culprit, ...set];
}

/** Sets that share a member are one: nothing tells who of them does what. */
function merged(sets: readonly (readonly Candidate[])[]): Candidate[][] {
  const out: Candidate[][] = [];
  for (const set of sets) {
    const same = out.filter((other) => other.some((candidate) => set.includes(candidate)));
    for (const other of same) out.splice(out.indexOf(other), 1);
    out.push([...new Set([...same.flat(), ...set])]);
  }
  return out;
}

function chancesOf(
  regression: Regression,
  candidates: readonly Candidate[],
): { none: number; candidates: { candidate: Candidate; chance: number }[] } {
  const none = regression.likelihood;
  const logs = candidates.map((candidate) => regression.likelihoodWith(candidate.column));
  const most = Math.max(none, ...logs);
  // None is as likely beforehand as all candidates together: the more there are, the more it takes to name one.
  const weights = logs.map((log) => Math.exp(log - most) / candidates.length);
  const sum = weights.reduce((total, weight) => total + weight, Math.exp(none - most));
  return {
    none: Math.exp(none - most) / sum,
    candidates: candidates
      .map((candidate, nth) => ({ candidate, chance: weights[nth] / sum }))
      .sort((a, b) => b.chance - a.chance),
  };
}

function regressionWith(design: Design, candidates: readonly Candidate[]): Regression {
  return new Regression(design.rows, [...design.base, ...candidates.map(({ column }) => column)]);
}

function shareOf(
  design: Design,
  set: readonly Candidate[],
  sets: readonly (readonly Candidate[])[],
  growthBytes: number,
): RouteShare | null {
  const has = (kind: Candidate['kind']): boolean => set.some((candidate) => candidate.kind === kind);
  const column = columnOf(design, set);
  const rest = sets.filter((other) => other !== set).map((other) => columnOf(design, other));
  const isTime = set.every(({ kind }) => kind === 'time');
  const estimate = averaged(design, column, rest, others(design, sets.flat()));
  if (estimate === null || estimate.high <= 0) return null;
  const bytesPerRequest = {
    value: Math.max(0, estimate.value),
    low: Math.max(0, estimate.low),
    high: estimate.high,
  };
  const routes = set.flatMap(({ route }) => route ?? []);
  const explained = bytesPerRequest.value * design.rise(column);
  const told = {
    routes,
    anyRoute: has('requests'),
    orTime: has('time'),
    bytesPerRequest,
    share: growthBytes > 0 ? Math.min(1, explained / growthBytes) : 0,
    sure: set.length === 1 && routes.length === 1 && estimate.low > 0,
  };
  return { ...told, sentence: sentence(told, isTime) };
}

/**
 * The coefficient of a column beside the other culprits, averaged over what else may leak: nothing more, or one more
 * candidate, each by how likely the rows make it. A second leak that is only half seen widens the interval so.
 */
function averaged(
  design: Design,
  column: Float64Array,
  rest: readonly Float64Array[],
  more: readonly Candidate[],
): Estimate | null {
  const base = [...design.base, ...rest];
  const { none, candidates } = chancesOf(new Regression(design.rows, [...base, column]), more);
  const alone = new Regression(design.rows, base).guess(column);
  if (alone === null) return null;
  const guesses = [{ chance: none, guess: alone }];
  for (const { candidate, chance } of candidates) {
    if (chance < NEGLIGIBLE) continue;
    const guess = new Regression(design.rows, [...base, candidate.column]).guess(column);
    if (guess !== null) guesses.push({ chance, guess });
  }
  return intervalOf(guesses);
}

/** What a set counts by: its requests together; seconds where it is time alone. */
function columnOf({ candidates }: Design, set: readonly Candidate[]): Float64Array {
  const all = [...set, ...candidates].find(({ kind }) => kind === 'requests');
  if (all !== undefined && set.includes(all)) return all.column;
  const counted = set.filter(({ kind }) => kind !== 'time');
  const [first, ...more] = counted.length > 0 ? counted : set;
  const sum = Float64Array.from(first.column);
  for (const { column } of more) for (let row = 0; row < sum.length; row++) sum[row] += column[row];
  return sum;
}

function sentence(
  { routes, anyRoute, orTime, bytesPerRequest, share }: Omit<RouteShare, 'sentence'>,
  isTime: boolean,
): string {
  const { value, low, high } = bytesPerRequest;
  const sizes = `${megabytes(value)} a ${isTime ? 'second' : 'request'} (${megabytes(low)} to ${megabytes(high)})`;
  const part = `${Math.round(100 * share)} % of the growth`;
  if (isTime) return `it grows with time, whatever is requested: ${sizes}, ${part}`;
  const orElse = orTime ? '; time itself would explain it as well' : '';
  if (anyRoute && routes.length === 0) return `it grows with every request alike: ${sizes}, ${part}${orElse}`;
  const names = routes.length === 0 ? 'routes that are not told apart' : routes.join(', ');
  if (routes.length === 1 && !anyRoute) return `${names} leaks ${sizes}, ${part}${orElse}`;
  const which = anyRoute ? 'the requests' : names;
  const among = anyRoute ? ` (${names}, or all of them)` : '';
  return `it grows with ${which}, by ${sizes} of them, ${part}; which of them leaks can't be told: they move together${among}${orElse}`;
}

function others({ candidates }: Design, culprits: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => !culprits.includes(candidate));
}

function without(candidates: readonly Candidate[], one: Candidate): Candidate[] {
  return candidates.filter((candidate) => candidate !== one);
}
