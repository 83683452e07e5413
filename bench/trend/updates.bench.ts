// How many samples a second does a judge take in, on one core? Rounds of series of each kind are played to fresh judges,
// in turns; the median of the rounds counts. `update` takes a sample in and decides when a decision is due; `observe` also
// asks what is to be thought of the process. Beside them what cannot be saved: samples that are only looked at.
// By hand: node_modules/.bin/node bench/trend/updates.bench.ts [--small] [--write]   (--write: results/updates.md)
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { MemoryJudge } from '@ebb/trend';
import type { MemorySample } from '@ebb/trend';
import { healthyServices, leakingServices, seeded, simulate } from '@ebb/trend/simulate';
import type { DrawService } from '@ebb/trend/simulate';
import { quantile } from './intervals.ts';

const small = process.argv.includes('--small');
const rounds = small ? 3 : 7;
const DAY_S = 86_400;

interface Lane {
  everyS: number;
  /** Null: as long as the service is drawn. */
  days: number | null;
  kinds: [name: string, draw: DrawService][];
  told: (sample: MemorySample) => MemorySample;
}

const services = Object.entries({ ...healthyServices, ...leakingServices });
const few = services.filter(([name]) => ['steady', 'daily cycle', 'with time'].includes(name));
const all = (sample: MemorySample): MemorySample => sample;
const rssAlone = (sample: MemorySample): MemorySample => ({
  ...sample,
  floor: null,
  heapUsedBytes: NaN,
  externalBytes: NaN,
  arrayBuffersBytes: NaN,
  requests: null,
});
const lanes: Record<string, Lane> = {
  'floor, RSS and requests, once a minute, two days': { everyS: 60, days: null, kinds: services, told: all },
  'RSS alone, once a minute, two days': { everyS: 60, days: null, kinds: services, told: rssAlone },
  'floor, RSS and requests, once a minute, 60 days': { everyS: 60, days: small ? 10 : 60, kinds: few, told: all },
  'floor, RSS and requests, once a second, a day': { everyS: 1, days: small ? 0.2 : 1, kinds: few, told: all },
};

function samplesOf({ everyS, days, kinds, told }: Lane): MemorySample[][] {
  return kinds.map(([name, draw]) => {
    const { program, run } = draw(seeded(31 + name.length), 0.01);
    const durationS = days === null ? run.durationS : days * DAY_S;
    return [...simulate(program, { ...run, everyS, durationS, seed: 1 })].map(told);
  });
}

let looked = 0;
const ways: Record<string, (judge: MemoryJudge, sample: MemorySample) => unknown> = {
  update: (judge, sample) => {
    judge.update(sample);
  },
  observe: (judge, sample) => judge.observe(sample),
  '(nothing)': (_, sample) => (looked += sample.rssBytes),
};

const lines = [
  '# Samples a second\n',
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/updates.bench.ts${small ? ' --small' : ''}\`: ${rounds} rounds, of which the median counts, each of a series of every kind of service (of three kinds where they are long), healthy and leaking. The lanes are played one after another, so that each is measured with the code as warm as its own rounds make it. \`update\` is all that a verdict costs; \`observe\` asks for the figures after each sample, which nobody needs to.\n`,
  '| told | call | samples | µs a sample (median) | fastest and slowest round | samples a second |',
  '|---|---|---|---|---|---|',
];
for (const [told, lane] of Object.entries(lanes)) {
  const series = samplesOf(lane);
  const count = series.reduce((sum, samples) => sum + samples.length, 0);
  for (const [call, take] of Object.entries(ways)) {
    const perSample: number[] = [];
    for (let round = -2; round < rounds; round++) {
      const begun = performance.now();
      for (const samples of series) {
        const one = new MemoryJudge({ warmupMs: 600_000 });
        for (const sample of samples) take(one, sample);
      }
      // The first two warm the code up.
      if (round >= 0) perSample.push(((performance.now() - begun) * 1000) / count);
    }
    const median = quantile(perSample, 0.5);
    const [fastest, slowest] = [Math.min(...perSample), Math.max(...perSample)];
    lines.push(
      `| ${told} | \`${call}\` | ${count.toLocaleString('en')} | ${median.toFixed(2)} | ${fastest.toFixed(2)} to ${slowest.toFixed(2)} | ${Math.round(1e6 / median).toLocaleString('en')} |`,
    );
  }
}
if (!Number.isFinite(looked)) throw new Error('the samples hold no RSS');
console.log(lines.join('\n'));
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/updates.md', import.meta.url), `${lines.join('\n')}\n`);
