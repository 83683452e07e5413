// Simulated services over days, as series for the bench.
import { MB, seeded, simulate } from '@ebb/trend/simulate';
import type { DrawService, SimulatedSample } from '@ebb/trend/simulate';
import type { BenchSeries } from './series.ts';

/** Of the seeds below this one many were looked at when constants were chosen. */
const FIRST_UNSEEN_SEED = 201;

/** Whether nobody looked at the series of this seed. */
export function isUnseen(seed: number): boolean {
  return seed >= FIRST_UNSEEN_SEED;
}

/** So many seeds: half of those that constants were chosen on, and half of those that nobody has looked at. */
export function seedsOf(runs: number): number[] {
  return Array.from({ length: runs }, (_, nth) =>
    nth < runs / 2 ? nth + 1 : FIRST_UNSEEN_SEED + nth - Math.ceil(runs / 2),
  );
}

/** What Ebb is told of a process: RSS alone, or what its agent tells. */
export type Told = 'rss' | 'agent';

/** A service as a series; one that leaks ends at its limit. What the rules of today see is RSS, against the container's limit. */
export function serviceSeries(
  name: string,
  draw: DrawService,
  seed: number,
  shareAnHour: number,
  told: Told,
): BenchSeries {
  const { program, run, leaksFromS } = draw(seeded(seed * 7919), shareAnHour);
  const samples: BenchSeries['samples'][number][] = [];
  const held: number[] = [];
  let levelBytes = Number.NaN;
  for (const simulated of simulate(program, { ...run, seed })) {
    const { rssBytes, heapUsedBytes, heapLimitBytes, rssLimitBytes, timeMs } = simulated;
    // The container's limit is a third above the heap's: a leak on the heap meets the heap's first.
    const limitBytes = rssLimitBytes ?? heapLimitBytes;
    if (heapUsedBytes >= heapLimitBytes || rssBytes >= limitBytes) break;
    if (leaksFromS !== null && (Number.isNaN(levelBytes) || simulated.ageS <= leaksFromS))
      levelBytes = heldBytes(simulated);
    samples.push({
      point: { timeS: timeMs / 1000, bytes: rssBytes, limitBytes },
      sample: told === 'rss' ? rssAlone(simulated) : simulated,
    });
    held.push(heldBytes(simulated));
  }
  const heapLimit = run.heapLimitBytes ?? 256 * MB;
  keepLasting(held);
  const healthy = leaksFromS === null ? held : healthyTwin(draw, seed);
  return {
    name,
    samples,
    leaksFromS,
    wayLeft: (index) => Math.min(1, Math.max(0, (heapLimit - held[index]) / (heapLimit - levelBytes))),
    roomLeft: (index) => Math.min(1, Math.max(0, (heapLimit - held[index]) / (heapLimit - healthy[index]))),
  };
}

/** What the same service holds without its leak, by sample. */
function healthyTwin(draw: DrawService, seed: number): number[] {
  const { program, run } = draw(seeded(seed * 7919), 0);
  const held: number[] = [];
  for (const simulated of simulate(program, { ...run, seed })) held.push(heldBytes(simulated));
  return keepLasting(held);
}

/** What is given back later (a tooth of a saw, garbage) has not taken any of the way: what was never below is what counts. */
function keepLasting(held: number[]): number[] {
  for (let index = held.length - 2; index >= 0; index--) held[index] = Math.min(held[index], held[index + 1]);
  return held;
}

/** Live memory at the last collection: what runs against the limit. */
function heldBytes({ floor, heapUsedBytes, externalBytes }: SimulatedSample): number {
  return floor === null ? heapUsedBytes + externalBytes : floor.heapBytes + floor.externalBytes;
}

function rssAlone({ timeMs, rssBytes, rssLimitBytes }: SimulatedSample): BenchSeries['samples'][number]['sample'] {
  return {
    timeMs,
    floor: null,
    heapUsedBytes: NaN,
    rssBytes,
    externalBytes: NaN,
    arrayBuffersBytes: NaN,
    requests: null,
    heapLimitBytes: NaN,
    rssLimitBytes,
  };
}
