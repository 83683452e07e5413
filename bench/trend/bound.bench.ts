// Does the stated bound hold? Floors that never grow, with noise of any memory: in how many series is a leak ever said?
// By hand: node_modules/.bin/node bench/trend/bound.bench.ts [--small] [--write]   (--write: results/bound.md)
import { writeFileSync } from 'node:fs';
import { MemoryJudge } from '@ebb/trend';
import { MB, memoryFor, ripple, seeded } from '@ebb/trend/simulate';
import { shareInterval } from './intervals.ts';

const EVERY_S = 60;
const AUTOCORRELATIONS = [0, 0.5, 0.9, 0.97];
const RATES = [0.05, 0.001];

/** Verdicts are read off at every so many floors: when they are decided does not depend on it. */
const READ_EVERY = 5;

function everLeak(seed: number, floors: number, autocorrelation: number, falseLeakRate: number): boolean {
  const random = seeded(seed * 104_729);
  const levelBytes = random.between(50, 800) * MB;
  const deviation = levelBytes * random.between(0.002, 0.02);
  const noise =
    autocorrelation === 0
      ? () => deviation * random.normal()
      : ripple(random, deviation, memoryFor(autocorrelation, EVERY_S));
  const judge = new MemoryJudge({ warmupMs: 600_000, falseLeakRate });
  for (let nth = 0; nth < floors; nth++) {
    const timeMs = nth * EVERY_S * 1000;
    const heapBytes = Math.max(0, levelBytes + noise(EVERY_S));
    judge.update({
      timeMs,
      floor: { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: heapBytes,
      rssBytes: heapBytes + 50 * MB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests: null,
      heapLimitBytes: 2 * levelBytes,
      rssLimitBytes: null,
    });
    if (nth % READ_EVERY === 0 && judge.judgement.verdict === 'leak') return true;
  }
  return false;
}

const small = process.argv.includes('--small');
const [runs, floors] = small ? [10, 500] : [100, 1440];
const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};
say('# The bound that is stated\n');
say(
  `Made by \`bench/trend/bound.bench.ts${small ? ' --small' : ''}\`: ${runs} series a cell, of ${floors} floors a minute apart: a level, and noise (normal, its deviation 0.2 to 2 % of the level) whose neighbouring values are so much alike. None grows. Each cell: in how many series a leak was ever said, and the 95 % interval of that share.\n`,
);
say(`| stated bound | ${AUTOCORRELATIONS.map((share) => `autocorrelation ${share}`).join(' | ')} |`);
say(`|---|${AUTOCORRELATIONS.map(() => '---').join('|')}|`);
for (const falseLeakRate of RATES) {
  const cells = AUTOCORRELATIONS.map((autocorrelation) => {
    let alarmed = 0;
    for (let seed = 1; seed <= runs; seed++) if (everLeak(seed, floors, autocorrelation, falseLeakRate)) alarmed++;
    const [low, high] = shareInterval(alarmed, runs);
    return `${alarmed} of ${runs} (${low.toFixed(3)}–${high.toFixed(3)})`;
  });
  say(`| ${falseLeakRate} | ${cells.join(' | ')} |`);
}
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/bound.md', import.meta.url), `${lines.join('\n')}\n`);
