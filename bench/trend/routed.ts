// Programs whose requests come by routes, with what truly leaks: for routes.bench.ts.
import { MB, memoryFor, ripple, simulate } from '@ebb/trend/simulate';
import type { Program, Random, Run, SimulatedSample } from '@ebb/trend/simulate';

export const ROUTES = ['GET /', 'GET /item/:id', 'GET /search', 'POST /cart', 'POST /login', 'POST /order'];

/** What is true of a program. */
export interface Routed {
  program: Program;
  /** Bytes a request, by route; empty where no route leaks. */
  leaks: Readonly<Record<string, number>>;
  /** Routes (or `time`) that nothing in the figures can tell from the ones that leak; those included. */
  tied: readonly string[];
}

/** How fast things go: a service (a minute a sample, hours), or a program that is watched (a second a sample, seconds). */
export interface Scale {
  everyS: number;
  durationS: number;
  limitBytes: number;
  perSecond: number;
  /** What leaks grows by so much in a sample's time. */
  leakBytes: number;
  noiseBytes: number;
  noiseMemory: number;
  warmupMs: number;
}

/** How the requests are shared among the routes. */
type Mix = (ageS: number) => Record<string, number>;
type DrawRouted = (random: Random, scale: Scale) => Routed;

const SHARES = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];

/** Each route has ups and downs of its own (a spread of half its size), which last for some 20 samples. */
function moving(random: Random, { everyS }: Scale): Mix {
  const ups = SHARES.map(() => ripple(random, 0.5, memoryFor(0.95, everyS)));
  let atS = 0;
  let now = SHARES;
  return (ageS) => {
    if (ageS !== atS) {
      const sizes = SHARES.map((share, nth) => share * Math.exp(ups[nth](ageS - atS)));
      const sum = sizes.reduce((total, size) => total + size, 0);
      now = sizes.map((size) => size / sum);
      atS = ageS;
    }
    return Object.fromEntries(ROUTES.map((route, nth) => [route, now[nth]]));
  };
}

function traffic(random: Random, scale: Scale): (ageS: number) => number {
  const phase = random.between(0, 6.28);
  const swing = random.between(0.2, 0.6);
  return (ageS) => scale.perSecond * (1 + swing * Math.sin((6.283 * ageS) / scale.durationS + phase));
}

function routed(
  random: Random,
  scale: Scale,
  options: { mix: Mix; leaks: Record<string, number>; tied?: string[]; perS?: number; held?: number; fills?: number },
): Routed {
  const level = scale.limitBytes * random.between(0.12, 0.35);
  const rate = traffic(random, scale);
  const { mix, leaks, perS = 0, held = 0, fills = 0 } = options;
  return {
    leaks,
    tied: options.tied ?? Object.keys(leaks),
    program: {
      rate,
      routes: mix,
      noiseBytes: scale.noiseBytes,
      noiseMemory: scale.noiseMemory,
      liveBytes: (ageS, requests, byRoute) =>
        level +
        perS * ageS +
        held * (rate(ageS) / scale.perSecond) +
        fills * (1 - Math.exp((-6 * ageS) / scale.durationS)) +
        Object.entries(leaks).reduce((sum, [route, each]) => sum + each * (byRoute[route] ?? 0), 0) +
        (leaks['*'] ?? 0) * requests,
    },
  };
}

/** Bytes a request, so that a route of this share of the requests leaks what the scale says. */
function each(scale: Scale, share: number): number {
  return scale.leakBytes / (scale.perSecond * scale.everyS * share);
}

const drawRoute = (random: Random): number => Math.min(ROUTES.length - 1, Math.floor(random.next() * ROUTES.length));

/** Which route leaks, if any. */
export const routedPrograms: Record<string, DrawRouted> = {
  'one route leaks': (random, scale) => {
    const nth = drawRoute(random);
    return routed(random, scale, { mix: moving(random, scale), leaks: { [ROUTES[nth]]: each(scale, SHARES[nth]) } });
  },
  'one route leaks, a cache fills, traffic holds memory': (random, scale) => {
    const nth = drawRoute(random);
    const size = scale.limitBytes * random.between(0.01, 0.04);
    return routed(random, scale, {
      mix: moving(random, scale),
      leaks: { [ROUTES[nth]]: each(scale, SHARES[nth]) },
      held: size,
      fills: size,
    });
  },
  'two routes leak': (random, scale) =>
    routed(random, scale, {
      mix: moving(random, scale),
      leaks: { 'POST /login': each(scale, 0.06), 'GET /search': each(scale, 0.15) },
    }),
  'two routes move together, one of them leaks': (random, scale) => {
    const mix = moving(random, scale);
    return routed(random, scale, {
      mix: (ageS) => {
        const now = mix(ageS);
        return { ...now, 'POST /order': now['POST /login'] * 0.5 };
      },
      leaks: { 'POST /login': each(scale, 0.06) },
      tied: ['POST /login', 'POST /order'],
    });
  },
  'all routes move together, one of them leaks': (random, scale) => {
    const shares = Object.fromEntries(ROUTES.map((route, nth) => [route, SHARES[nth]]));
    return routed(random, scale, { mix: () => shares, leaks: { 'POST /login': each(scale, 0.06) }, tied: ROUTES });
  },
  'every request leaks': (random, scale) =>
    routed(random, scale, { mix: moving(random, scale), leaks: { '*': each(scale, 1) }, tied: ['*'] }),
  'it leaks with time': (random, scale) =>
    routed(random, scale, {
      mix: moving(random, scale),
      leaks: {},
      tied: ['time'],
      perS: scale.leakBytes / scale.everyS,
    }),
  'nothing leaks': (random, scale) => routed(random, scale, { mix: moving(random, scale), leaks: {} }),
  'nothing leaks, a cache fills, traffic holds memory': (random, scale) => {
    const size = scale.limitBytes * random.between(0.01, 0.1);
    return routed(random, scale, { mix: moving(random, scale), leaks: {}, held: size, fills: size });
  },
};

/** One run: each new floor, with the counts by then. */
export function* floorsOf(program: Program, scale: Scale, seed: number): Generator<SimulatedSample> {
  const run: Run = {
    seed,
    durationS: scale.durationS,
    everyS: scale.everyS,
    collectEveryS: 2 * scale.everyS,
    heapLimitBytes: scale.limitBytes,
  };
  let newestMs = Number.NaN;
  for (const sample of simulate(program, run)) {
    if (sample.floor === null || sample.floor.timeMs === newestMs) continue;
    newestMs = sample.floor.timeMs;
    yield sample;
  }
}

export const SERVICE: Scale = {
  everyS: 60,
  durationS: 12 * 3600,
  limitBytes: 1024 * MB,
  perSecond: 20,
  leakBytes: (0.01 * 1024 * MB) / 60,
  noiseBytes: 2.5 * MB,
  noiseMemory: 0.9,
  warmupMs: 600_000,
};

export const WATCHED: Scale = {
  everyS: 1,
  durationS: 90,
  limitBytes: 256 * MB,
  perSecond: 50,
  leakBytes: MB,
  noiseBytes: 0.3 * MB,
  noiseMemory: 0.5,
  warmupMs: 8000,
};
