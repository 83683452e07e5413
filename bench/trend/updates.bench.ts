// How many samples a second does a judge take in, on one core? Rounds of series of each kind are played to fresh judges,
// in turns; the median of the rounds counts. `update` takes a sample in; `observe` also asks what is to be thought of it.
// By hand: node_modules/.bin/node bench/trend/updates.bench.ts [--small] [--write]   (--write: results/updates.md)
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { MemoryJudge } from '@ebb/trend';
import type { MemorySample } from '@ebb/trend';
import { healthyServices, leakingServices, seeded, simulate } from '@ebb/trend/simulate';
import { quantile } from './intervals.ts';

const small = process.argv.includes('--small');
const rounds = small ? 3 : 7;
const PER_KIND = 1;

const series: Record<string, MemorySample[][]> = { 'floor, RSS and requests': [], 'RSS alone': [] };
for (const [name, draw] of [...Object.entries(healthyServices), ...Object.entries(leakingServices)]) {
  for (let seed = 1; seed <= PER_KIND; seed++) {
    const { program, run } = draw(seeded(seed * 31 + name.length), 0.01);
    const samples: MemorySample[] = [...simulate(program, { ...run, seed })];
    series['floor, RSS and requests'].push(samples);
    series['RSS alone'].push(
      samples.map((sample) => ({
        ...sample,
        floor: null,
        heapUsedBytes: NaN,
        externalBytes: NaN,
        arrayBuffersBytes: NaN,
        requests: null,
      })),
    );
  }
}

const judge = new MemoryJudge();
const ways: Record<string, (judge: MemoryJudge, sample: MemorySample) => unknown> = {
  observe: (one, sample) => one.observe(sample),
};
if ('update' in judge && typeof judge.update === 'function') {
  ways['update'] = (one, sample) => (one as MemoryJudge & { update(sample: MemorySample): void }).update(sample);
}

const lines = [
  '# Samples a second\n',
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/updates.bench.ts\`: ${rounds} rounds, of which the median counts, each of a series of every kind of service, days long.\n`,
  '| told | call | samples | µs a sample (median) | fastest and slowest round | samples a second |',
  '|---|---|---|---|---|---|',
];
for (const [told, all] of Object.entries(series)) {
  const count = all.reduce((sum, samples) => sum + samples.length, 0);
  for (const [call, take] of Object.entries(ways)) {
    const perSample: number[] = [];
    for (let round = -2; round < rounds; round++) {
      const begun = performance.now();
      for (const samples of all) {
        const one = new MemoryJudge({ warmupMs: 600_000 });
        for (const sample of samples) take(one, sample);
      }
      // The first two warm the code up.
      if (round >= 0) perSample.push(((performance.now() - begun) * 1000) / count);
    }
    const median = quantile(perSample, 0.5);
    const [fastest, slowest] = [Math.min(...perSample), Math.max(...perSample)];
    lines.push(
      `| ${told} | \`${call}\` | ${count} | ${median.toFixed(2)} | ${fastest.toFixed(2)} to ${slowest.toFixed(2)} | ${Math.round(1e6 / median).toLocaleString('en')} |`,
    );
  }
}
console.log(lines.join('\n'));
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/updates.md', import.meta.url), `${lines.join('\n')}\n`);
