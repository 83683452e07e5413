import type { MemorySample } from '../sample.ts';
import type { Random } from './random.ts';

/** Takes samples away: single ones, and holes of up to `longestS` seconds. */
export function* withGaps<T extends MemorySample>(
  samples: Iterable<T>,
  random: Random,
  options: { lostShare: number; holesADay: number; longestS: number },
): Generator<T> {
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NaN;
  for (const sample of samples) {
    const elapsedMs = Number.isNaN(lastMs) ? 0 : sample.timeMs - lastMs;
    lastMs = sample.timeMs;
    if (random.next() < (options.holesADay * elapsedMs) / 86_400_000) {
      silentUntilMs = sample.timeMs + random.between(0.05, 1) * options.longestS * 1000;
    }
    const lost = random.next() < options.lostShare;
    if (!lost && sample.timeMs >= silentUntilMs) yield sample;
  }
}

/** Sets the clock of the samples, and of their floors: from `atMs` on it is `byMs` ahead (or, negative, behind). */
export function* withClockJump<T extends MemorySample>(samples: Iterable<T>, atMs: number, byMs: number): Generator<T> {
  for (const sample of samples) {
    if (sample.timeMs < atMs) {
      yield sample;
      continue;
    }
    const floor = sample.floor && { ...sample.floor };
    if (floor !== null && floor.timeMs >= atMs) floor.timeMs += byMs;
    yield { ...sample, timeMs: sample.timeMs + byMs, floor };
  }
}

/** One process after the other, as in a container that restarts: each life begins `downS` after the last sample of the one before. */
export function* inLives<T extends MemorySample>(lives: Iterable<Iterable<T>>, downS: number): Generator<T> {
  let beganMs = 0;
  for (const life of lives) {
    let lastMs = beganMs;
    for (const sample of life) {
      lastMs = beganMs + sample.timeMs;
      const floor = sample.floor && { ...sample.floor, timeMs: beganMs + sample.floor.timeMs };
      yield { ...sample, timeMs: lastMs, floor };
    }
    beganMs = lastMs + downS * 1000;
  }
}
