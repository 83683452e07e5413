import { simulate } from './process.ts';
import type { SimulatedSample } from './process.ts';
import { seeded } from './random.ts';
import type { Random } from './random.ts';
import type { Service } from './services.ts';

/** One process of a fleet. */
export interface Sibling {
  process: string;
  version: string;
  sample: SimulatedSample;
}

/**
 * Processes of one service in the order of time. All have the service's traffic, level and leak; each has a noise of its
 * own. `odd` of them leak although the service does not, or the other way round.
 */
export function* simulateFleet(
  draw: (random: Random, leaks: boolean) => Service,
  options: { seed: number; processes: number; version: string; leaks: boolean; odd?: number },
): Generator<Sibling> {
  const { seed, processes, version, leaks, odd = 0 } = options;
  const runs = Array.from({ length: processes }, (_, nth) => {
    // The same draw for all: they run the same code.
    const { program, run } = draw(seeded(seed), nth < odd ? !leaks : leaks);
    return simulate(program, { ...run, seed: seed * 1009 + nth });
  });
  for (;;) {
    const samples = runs.map((run) => run.next());
    for (const [nth, { done, value }] of samples.entries()) {
      if (done !== true) yield { process: `${version}-${nth}`, version, sample: value };
    }
    if (samples.every(({ done }) => done === true)) return;
  }
}
