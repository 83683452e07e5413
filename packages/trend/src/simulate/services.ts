import { MB } from './process.ts';
import type { Program, Run } from './process.ts';
import type { Random } from './random.ts';
import { memoryFor } from './ripple.ts';

/** A service that runs for days, sampled once a minute, and how it is run. */
export interface Service {
  program: Program;
  run: Omit<Run, 'seed'>;
  /** When the leak begins, by the service's age; null when there is none. */
  leaksFromS: number | null;
}

/**
 * A kind of service, drawn with random sizes and paces. Leaks grow by `shareAnHour` of the limit in an hour. The process
 * starts at `startsAtS` of the service's day (0 if nothing is said).
 */
export type DrawService = (random: Random, shareAnHour: number, startsAtS?: number) => Service;

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const EVERY_S = 60;
/** Values of neighbouring minutes are as alike as on real machines. */
const MEMORY_S = memoryFor(0.9, EVERY_S);

interface Drawn {
  levelBytes: number;
  limitBytes: number;
  rate: (ageS: number) => number;
  /** Requests a second at the beginning of the service's day. */
  firstRate: number;
  run: Omit<Run, 'seed'>;
  noise: Pick<Program, 'noiseBytes' | 'noiseMemory' | 'rssNoise'>;
}

/** What all services have in common: a level, a limit, traffic with a day in it, noise that remembers, V8's own pace of collections. */
function drawn(random: Random, startsAtS = 0, days = 2): Drawn {
  const limitBytes = random.between(400, 1600) * MB;
  const phase = random.between(0, 2 * Math.PI);
  const swing = random.between(0.2, 0.7);
  const perSecond = random.between(5, 80);
  return {
    limitBytes,
    levelBytes: limitBytes * random.between(0.12, 0.35),
    rate: (ageS) => perSecond * (1 + swing * Math.sin((2 * Math.PI * (ageS + startsAtS)) / DAY_S + phase)),
    firstRate: perSecond * (1 + swing * Math.sin(phase)),
    run: {
      durationS: days * DAY_S,
      everyS: EVERY_S,
      collectEveryS: random.between(3, 15) * EVERY_S,
      heapLimitBytes: limitBytes,
      rssLimitBytes: limitBytes * 1.3,
      heapGrowth: 'v8',
      giveBackS: random.between(0.1, 1) * HOUR_S,
    },
    noise: {
      noiseBytes: limitBytes * random.between(0.001, 0.004),
      noiseMemory: 0.9,
      rssNoise: { deviationBytes: limitBytes * random.between(0.002, 0.008), memoryS: MEMORY_S },
    },
  };
}

function service(d: Drawn, program: Partial<Program>, leaksFromS: number | null = null): Service {
  return { program: { liveBytes: () => d.levelBytes, rate: d.rate, ...d.noise, ...program }, run: d.run, leaksFromS };
}

/** Loads code and fills first caches. */
function startUp(random: Random, d: Drawn): (ageS: number) => number {
  const size = d.limitBytes * random.between(0.02, 0.1);
  const paceS = random.between(3, 25) * 60;
  return (ageS) => size * (1 - Math.exp(-ageS / paceS));
}

/** Services that don't leak, each with one of the things that look like it. */
export const healthyServices: Record<string, DrawService> = {
  steady: (random, _, startsAtS) => service(drawn(random, startsAtS), {}),
  'daily cycle': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const held = (d.limitBytes * random.between(0.05, 0.15)) / d.firstRate;
    return service(d, { liveBytes: (ageS) => d.levelBytes + held * d.rate(ageS) });
  },
  'traffic ramps up': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const rampS = random.between(8, 40) * HOUR_S;
    const rate = (ageS: number): number => d.rate(ageS) * (0.2 + 0.8 * Math.min(1, ageS / rampS));
    const held = (d.limitBytes * random.between(0.05, 0.2)) / d.firstRate;
    return service(d, { rate, liveBytes: (ageS) => d.levelBytes + held * rate(ageS) });
  },
  'cache fills with requests': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.05, 0.25);
    const paceRequests = d.firstRate * random.between(0.5, 6) * HOUR_S;
    return service(d, { liveBytes: (_, requests) => d.levelBytes + size * (1 - Math.exp(-requests / paceRequests)) });
  },
  'cache fills, then is full': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.05, 0.2);
    const fullS = random.between(0.5, 3) * HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + size * Math.min(1, ageS / fullS) });
  },
  'deploy warm-up': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS, 0.5);
    const start = startUp(random, d);
    const late = d.limitBytes * random.between(0.02, 0.08);
    const paceS = random.between(0.5, 2) * HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + start(ageS) + late * (1 - Math.exp(-ageS / paceS)) });
  },
  'batch sawtooth': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.03, 0.2);
    const periodS = random.between(0.5, 8) * HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + size * ((ageS / periodS) % 1) });
  },
  'nightly job': (random, _, startsAtS = 0) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.1, 0.3);
    const atS = random.between(0, 0.9) * DAY_S;
    const lastsS = random.between(0.2, 1.5) * HOUR_S;
    return service(d, {
      liveBytes: (ageS) => d.levelBytes + ((ageS + startsAtS + DAY_S - atS) % DAY_S < lastsS ? size : 0),
    });
  },
  'collections are rare': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const run = { ...d.run, collectEveryS: Infinity };
    return service({ ...d, run }, { rate: (ageS) => d.rate(ageS) / 20 });
  },
  'memory is given back late': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const run = { ...d.run, giveBackS: random.between(5, 30) * HOUR_S };
    const size = d.limitBytes * random.between(0.05, 0.2);
    const everyS = random.between(1, 6) * HOUR_S;
    const heights = Array.from({ length: 64 }, () => random.next());
    const height = (ageS: number): number => heights[Math.floor(ageS / everyS) % heights.length];
    return service(
      { ...d, run },
      { liveBytes: (ageS) => d.levelBytes + (ageS % everyS < 600 ? size * height(ageS) : 0) },
    );
  },
  'arenas grow, then are full': (random, _, startsAtS) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.05, 0.15);
    const paceS = random.between(1, 5) * HOUR_S;
    return service(d, { nativeBytes: (ageS) => size * (1 - Math.exp(-ageS / paceS)) });
  },
};

/** Services that leak `shareAnHour` of the heap's limit in an hour, on average. */
export const leakingServices: Record<string, DrawService> = {
  'with time': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const start = startUp(random, d);
    const perS = (share * d.limitBytes) / HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + start(ageS) + perS * ageS }, 0);
  },
  'with each request': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const start = startUp(random, d);
    const each = perRequest(d, share);
    return service(d, { liveBytes: (ageS, requests) => d.levelBytes + start(ageS) + each * requests }, 0);
  },
  'on one route of four': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const shares = { 'GET /': 0.55, 'GET /item/:id': 0.3, 'POST /login': 0.1, 'POST /order': 0.05 };
    const each = perRequest(d, share) / shares['POST /login'];
    const liveBytes: Program['liveBytes'] = (_, __, byRoute) => d.levelBytes + each * (byRoute['POST /login'] ?? 0);
    return service(d, { liveBytes, routes: () => shares }, 0);
  },
  'from a deploy on': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const fromS = random.between(6, 20) * HOUR_S;
    const perS = (share * d.limitBytes) / HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + perS * Math.max(0, ageS - fromS) }, fromS);
  },
  'under a sawtooth': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const size = d.limitBytes * random.between(0.03, 0.1);
    const periodS = random.between(0.5, 3) * HOUR_S;
    const perS = (share * d.limitBytes) / HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + perS * ageS + size * ((ageS / periodS) % 1) }, 0);
  },
  'in bursts': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const everyS = random.between(0.5, 2) * HOUR_S;
    const perS = (share * d.limitBytes) / HOUR_S;
    return service(d, { liveBytes: (ageS) => d.levelBytes + perS * everyS * Math.floor(ageS / everyS) }, 0);
  },
  'of buffers': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const perS = (share * d.limitBytes) / HOUR_S;
    return service(d, { externalBytes: (ageS) => 2 * MB + perS * ageS }, 0);
  },
  'while collections are rare': (random, share, startsAtS) => {
    const d = drawn(random, startsAtS);
    const perS = (share * d.limitBytes) / HOUR_S;
    const run = { ...d.run, collectEveryS: Infinity };
    return service(
      { ...d, run },
      { rate: (ageS) => d.rate(ageS) / 4, liveBytes: (ageS) => d.levelBytes + perS * ageS },
      0,
    );
  },
};

/** What leaks with each request, so that it is the share of the limit in an hour of mean traffic. */
function perRequest(d: Drawn, share: number): number {
  let mean = 0;
  for (let hour = 0; hour < 24; hour++) mean += d.rate(hour * HOUR_S) / 24;
  return (share * d.limitBytes) / HOUR_S / mean;
}
