// How often is MemoryJudge wrong, how often right, and how soon, beside the rules that people use today?
// Run by hand: node_modules/.bin/node bench/trend/trend.bench.ts [runs per program] [watch|minutes]
import { cpus } from 'node:os';
import { MemoryJudge } from '@ebb/trend';
import { healthy, leaks, nativeLeaks, seeded, simulate } from '@ebb/trend/simulate';
import type { Draw } from '@ebb/trend/simulate';
import { fiveRisesRule, leastSquaresRule, mannKendallRule, predictLinearRule, thresholdRule } from './rules.ts';
import type { Rule } from './rules.ts';

const runs = Number(process.argv[2] ?? 100);
const watch = (process.argv[3] ?? 'watch') === 'watch';
const unitS = watch ? 1 : 60;
const durationS = (watch ? 120 : 240) * unitS;
const collectEveryS = watch ? 2 : 120;

interface Tally {
  alarms: number;
  delays: number[];
}

const peers: Record<string, () => Rule> = {
  'least squares': leastSquaresRule,
  'five rises': fiveRisesRule,
  'Mann–Kendall': mannKendallRule,
  predict_linear: () => predictLinearRule(unitS),
  'threshold 80 %': thresholdRule,
};
const columns = ['ebb suspicious', 'ebb leak', 'ebb native', ...Object.keys(peers)];
let updates = 0;
let judgeMs = 0;

function play(draw: Draw): Record<string, Tally> {
  const tallies: Record<string, Tally> = Object.fromEntries(columns.map((name) => [name, { alarms: 0, delays: [] }]));
  for (let seed = 1; seed <= runs; seed++) {
    const random = seeded(seed * 7919);
    const judge = new MemoryJudge({ warmupMs: watch ? 8000 : 600_000 });
    const rules = Object.entries(peers).map(([name, make]) => ({ name, rule: make() }));
    const first: Record<string, number> = {};
    const samples = [...simulate(draw(random, unitS), { seed, durationS, everyS: unitS, collectEveryS })];
    for (const sample of samples) {
      const timeS = sample.timeMs / 1000;
      const start = performance.now();
      const judgement = judge.observe(sample);
      judgeMs += performance.now() - start;
      updates++;
      if (judgement.suspicious) first['ebb suspicious'] ??= timeS;
      if (judgement.verdict === 'leak') first['ebb leak'] ??= timeS;
      if (judgement.verdict === 'native') first['ebb native'] ??= timeS;
      for (const { name, rule } of rules) if (rule.alarm(sample)) first[name] ??= timeS;
    }
    for (const [name, timeS] of Object.entries(first)) {
      tallies[name].alarms++;
      tallies[name].delays.push(timeS / unitS);
    }
  }
  return tallies;
}

function table(title: string, draws: Record<string, Draw>): void {
  console.log(`\n### ${title}\n\n| program | ${columns.join(' | ')} |\n|---|${columns.map(() => '---').join('|')}|`);
  const sums = columns.map(() => 0);
  for (const [name, draw] of Object.entries(draws)) {
    const tallies = play(draw);
    const cells = columns.map((column, index) => {
      const { alarms, delays } = tallies[column];
      sums[index] += alarms / runs;
      delays.sort((a, b) => a - b);
      return alarms === 0
        ? '0 %'
        : `${Math.round((100 * alarms) / runs)} % at ${Math.round(delays[delays.length >> 1])}`;
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
  const count = Object.keys(draws).length;
  console.log(`| **all** | ${sums.map((sum) => `**${((100 * sum) / count).toFixed(1)} %**`).join(' | ')} |`);
}

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${runs} runs a program, ${durationS / unitS} units of ${unitS} s each,`,
);
console.log(`a sample a unit, a full collection every ${collectEveryS / unitS} units or so, heap limit 256 MB.`);
console.log('A cell: the share of the runs in which the rule ever alarmed, and at which unit (median).');
table('Healthy programs: every alarm is false', healthy);
table('Leaks', leaks);
table('Native leaks', nativeLeaks);
console.log(`\n${((1000 * judgeMs) / updates).toFixed(1)} µs an update (${updates} updates).`);
