import { MB } from './process.ts';
import type { Program } from './process.ts';
import type { Random } from './random.ts';

/** A kind of program, drawn with random sizes and paces. `unitS` stretches its times: 1 for a program that is watched, 60 for minutes. */
export type Draw = (random: Random, unitS: number) => Program;

const base = (random: Random): number => random.between(20, 60) * MB;

/** Loads code and fills first caches: nearly over after three times its pace. */
function startUp(random: Random, unitS: number): (ageS: number) => number {
  const size = random.between(3, 15) * MB;
  const paceS = random.between(1, 3) * unitS;
  return (ageS) => size * (1 - Math.exp(-ageS / paceS));
}

/** Healthy programs, each with one of the things that look like a leak. */
export const healthy: Record<string, Draw> = {
  flat: (random) => {
    const level = base(random);
    return { liveBytes: () => level };
  },
  'flat, noise with a long memory': (random) => {
    const level = base(random);
    return { liveBytes: () => level, noiseBytes: random.between(0.3, 1.5) * MB, noiseMemory: 0.9 };
  },
  'start-up': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    return { liveBytes: (ageS) => level + start(ageS) };
  },
  'slow warm-up': (random, unitS) => {
    const level = base(random);
    const size = random.between(3, 12) * MB;
    const paceS = random.between(5, 12) * unitS;
    return { liveBytes: (ageS) => level + size * (1 - Math.exp(-ageS / paceS)) };
  },
  'cache fills, saturating': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const size = random.between(5, 30) * MB;
    const paceS = random.between(10, 40) * unitS;
    return { liveBytes: (ageS) => level + start(ageS) + size * (1 - Math.exp(-ageS / paceS)) };
  },
  'cache fills, then flat': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const size = random.between(5, 30) * MB;
    const fullS = random.between(10, 50) * unitS;
    return { liveBytes: (ageS) => level + start(ageS) + size * Math.min(1, ageS / fullS) };
  },
  'batch sawtooth': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const size = random.between(2, 20) * MB;
    const periodS = random.between(4, 40) * unitS;
    return { liveBytes: (ageS) => level + start(ageS) + size * ((ageS / periodS) % 1) };
  },
  'traffic ramps up': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const rampS = random.between(30, 150) * unitS;
    const rate = (ageS: number): number => 20 + 80 * Math.min(1, ageS / rampS);
    const held = random.between(0.03, 0.15) * MB;
    return { rate, liveBytes: (ageS) => level + start(ageS) + held * rate(ageS) };
  },
  'traffic in waves': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const periodS = random.between(60, 200) * unitS;
    const phase = random.between(0, 2 * Math.PI);
    const rate = (ageS: number): number => 60 + 40 * Math.sin((2 * Math.PI * ageS) / periodS + phase);
    const held = random.between(0.02, 0.1) * MB;
    return { rate, liveBytes: (ageS) => level + start(ageS) + held * rate(ageS) };
  },
  'buffers in flight': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const size = random.between(1, 8) * MB;
    return { liveBytes: (ageS) => level + start(ageS), externalBytes: () => 2 * MB + size * random.next() };
  },
  'memory mapped by libraries, then kept': (random, unitS) => {
    const level = base(random);
    const size = random.between(10, 40) * MB;
    const paceS = random.between(5, 30) * unitS;
    return { liveBytes: () => level, nativeBytes: (ageS) => size * (1 - Math.exp(-ageS / paceS)) };
  },
};

function leaking(perUnitBytes: number): Draw {
  return (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const perRequest = perUnitBytes / 50 / unitS;
    return { liveBytes: (ageS, requests) => level + start(ageS) + perRequest * requests };
  };
}

/** Leaking programs. The ones named by a pace leak so much each `unitS`, in step with the requests. */
export const leaks: Record<string, Draw> = {
  '1 MB a unit': leaking(MB),
  '0.3 MB a unit': leaking(0.3 * MB),
  '0.1 MB a unit': leaking(0.1 * MB),
  '0.5 MB a unit in steps': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const everyS = random.between(3, 8) * unitS;
    return { liveBytes: (ageS) => level + start(ageS) + (0.5 * MB * Math.floor(ageS / everyS) * everyS) / unitS };
  },
  '0.5 MB a unit under a sawtooth': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const size = random.between(1, 6) * MB;
    const periodS = random.between(4, 10) * unitS;
    return { liveBytes: (ageS) => level + start(ageS) + (0.5 * MB * ageS) / unitS + size * ((ageS / periodS) % 1) };
  },
  '0.5 MB a unit, beginning late': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    return { liveBytes: (ageS) => level + start(ageS) + (0.5 * MB * Math.max(0, ageS - 40 * unitS)) / unitS };
  },
  '0.5 MB a unit of buffers': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    return { liveBytes: (ageS) => level + start(ageS), externalBytes: (ageS) => 2 * MB + (0.5 * MB * ageS) / unitS };
  },
  '0.5 MB a unit, ramping traffic': (random, unitS) => {
    const level = base(random);
    const start = startUp(random, unitS);
    const rate = (ageS: number): number => 20 + 60 * Math.min(1, ageS / (60 * unitS));
    return { rate, liveBytes: (ageS, requests) => level + start(ageS) + (0.5 * MB * requests) / 50 / unitS };
  },
};

/** Programs whose native memory leaks: the right verdict is `native`. */
export const nativeLeaks: Record<string, Draw> = {
  '1 MB a unit, native': (random, unitS) => {
    const level = base(random);
    return { liveBytes: () => level, nativeBytes: (ageS) => (MB * ageS) / unitS };
  },
};
