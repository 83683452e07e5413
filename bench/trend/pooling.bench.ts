// How much sooner is a leak that siblings share seen when they are judged together, is the bound kept, and is a single odd
// process told apart? Fleets from the simulator; beside Ebb's pool: one process alone, and whoever of the siblings is first.
// By hand: node_modules/.bin/node bench/trend/pooling.bench.ts [--small] [--write]   (--write: results/pooling.md)
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { FleetPool, MemoryJudge } from '@ebb/trend';
import { healthyServices, leakingServices, MB, memoryFor, ripple, seeded, simulateFleet } from '@ebb/trend/simulate';
import { quantile, shareInterval } from './intervals.ts';

const small = process.argv.includes('--small');
const runs = small ? 2 : 12;
const SIZES = [1, 2, 4, 8];
const KINDS = ['with time', 'with each request', 'on one route of four', 'from a deploy on', 'in bursts'];
const HEALTHY = [
  'steady',
  'daily cycle',
  'cache fills with requests',
  'batch sawtooth',
  'nightly job',
  'deploy warm-up',
];
const WARMUP_MS = 600_000;
const EVERY_MS = 60_000;
/** The judges are asked so often: the bound does not depend on it, the bench's time does. */
const ASKED_EVERY = 5;

const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

/** When who said what first, in hours since the leak began; null for never. */
interface Played {
  pool: number | null;
  first: number | null;
  alone: number | null;
  odd: number | null;
  /** Whether those named as odd are the odd ones and no others. */
  oddIsRight: boolean;
  /** What was left of the way to the limit when the pool said it, and when the first process did. */
  poolLeft: number;
  firstLeft: number;
}

function play(kind: string, options: { seed: number; processes: number; share: number; odd?: number }): Played {
  const { seed, processes, share, odd = 0 } = options;
  const leaks = share > 0 && odd === 0;
  const draws = leakingServices[kind] ?? healthyServices[kind];
  const still = healthyServices['steady'];
  const { run, leaksFromS } = draws(seeded(seed), share);
  const fromS = leaksFromS ?? 0;
  const pool = new FleetPool({ kind: 'floor', intervalMs: EVERY_MS, warmupMs: WARMUP_MS });
  const judges = Array.from({ length: processes }, () => new MemoryJudge({ warmupMs: WARMUP_MS }));
  const leaking = judges.map(() => false);
  const floors = judges.map(() => 0);
  const heapLimit = run.heapLimitBytes ?? 256 * MB;
  let level = Number.NaN;
  const played: Played = {
    pool: null,
    first: null,
    alone: null,
    odd: null,
    oddIsRight: true,
    poolLeft: 0,
    firstLeft: 0,
  };
  const fleet = simulateFleet((random, isLeak) => (isLeak || odd === 0 ? draws : still)(random, share), {
    seed,
    processes,
    version: '1.0',
    leaks,
    odd,
  });
  let row = 0;
  for (const { process: name, sample } of fleet) {
    const nth = row++ % processes;
    judges[nth].update(sample);
    if (sample.floor !== null) {
      const { heapBytes, externalBytes } = sample.floor;
      floors[nth] = heapBytes + externalBytes;
      pool.take({
        process: name,
        timeMs: sample.timeMs,
        bytes: heapBytes + externalBytes,
        requests: sample.requests,
        limitBytes: heapLimit,
        leaks: leaking[nth],
      });
    }
    const minute = sample.timeMs / EVERY_MS;
    if (nth !== processes - 1 || minute % ASKED_EVERY !== 0) continue;
    const nowS = sample.timeMs / 1000;
    const now = floors.reduce((sum, bytes) => sum + bytes, 0) / processes;
    if (Number.isNaN(level) || nowS <= fromS) level = now;
    const left = Math.min(1, Math.max(0, (heapLimit - now) / (heapLimit - level)));
    if (left === 0) break;
    for (const [at, judge] of judges.entries()) leaking[at] = judge.judgement.verdict === 'leak';
    const hours = (nowS - fromS) / 3600;
    if (leaking[0]) played.alone ??= hours;
    if (leaking.includes(true) && played.first === null) [played.first, played.firstLeft] = [hours, left];
    const { verdict, members } = pool.fleet;
    if (verdict === 'fleet' && played.pool === null) [played.pool, played.poolLeft] = [hours, left];
    if (verdict === 'odd one out') {
      played.odd ??= hours;
      const named = members
        .filter(({ stance }) => stance === 'odd' || stance === 'shares')
        .map((member) => member.process);
      if (named.some((process) => Number(process.split('-')[1]) >= odd)) played.oddIsRight = false;
    }
  }
  return played;
}

function share(hits: number, of: number): string {
  const [low, high] = shareInterval(hits, of);
  return `${(hits / of).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function hours(values: readonly (number | null)[]): string {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? '–' : quantile(told, 0.5).toFixed(1);
}

/** In how many of so many fleets, of which nothing grows, the pool ever says so. */
function bound(
  fleets: number,
  floors: number,
  noise: 'walk' | 'remembers',
  cycle: boolean,
): [alarmed: number, fleets: number] {
  let alarmed = 0;
  for (let seed = 1; seed <= fleets; seed++) {
    const random = seeded(seed * 104_729 + floors);
    const spread = random.between(1, 6) * MB;
    const sources = Array.from({ length: 4 }, () =>
      noise === 'walk' ? walk(random, spread / 5) : ripple(random, spread, memoryFor(0.9, 60)),
    );
    const phase = random.between(0, 6.28);
    const pool = new FleetPool({ kind: 'floor', intervalMs: EVERY_MS, warmupMs: WARMUP_MS, falseLeakRate: 0.05 });
    let said = false;
    for (let minute = 0; minute < floors && !said; minute++) {
      const shared = cycle ? 8 * MB * Math.sin((6.283 * minute) / 360 + phase) : 0;
      for (const [nth, source] of sources.entries()) {
        const bytes = (150 + 20 * nth) * MB + shared + source(60);
        pool.take({ process: `p${nth}`, timeMs: minute * EVERY_MS, bytes: Math.max(0, bytes), limitBytes: 400 * MB });
      }
      said = pool.judgement?.verdict === 'leak';
    }
    if (said) alarmed++;
  }
  return [alarmed, fleets];
}

function walk(random: ReturnType<typeof seeded>, step: number): (elapsedS: number) => number {
  let value = 0;
  return () => (value += step * random.normal());
}

say('# Siblings judged together\n');
say(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/pooling.bench.ts${small ? ' --small' : ''}\`: ${runs} fleets of each kind.\n`,
);
say(
  `Services of two days, a sample a minute, a floor every 3 to 15 (\`${KINDS.join('`, `')}\`): all processes of a fleet leak alike, under the same traffic, each with noise of its own (autocorrelation 0.9). *Together*: \`FleetPool\` says \`fleet\`. *First of them*: the first of the processes' own judges says \`leak\` (its false alarms add up with the processes). *One alone*: always the same one. Shares with 95 % intervals (Wilson), hours since the leak began (median of those found).\n`,
);
for (const leak of [0.01, 0.001, 0.0003]) {
  say(`## A leak of ${Number((leak * 100).toPrecision(2))} % of the limit an hour\n`);
  say(
    '| processes | together: found | with 80 % of the way left | hours | first of them: found | with 80 % left | hours | one alone: found | hours |',
  );
  say('|---|---|---|---|---|---|---|---|---|');
  for (const processes of SIZES) {
    const played = KINDS.flatMap((kind) =>
      Array.from({ length: runs }, (_, nth) => play(kind, { seed: (nth + 1) * 7919, processes, share: leak })),
    );
    const pools = played.filter(({ pool }) => pool !== null);
    const firsts = played.filter(({ first }) => first !== null);
    const cells = [
      processes,
      processes === 1 ? '–' : share(pools.length, played.length),
      processes === 1 ? '–' : share(pools.filter(({ poolLeft }) => poolLeft >= 0.8).length, played.length),
      hours(played.map(({ pool }) => pool)),
      share(firsts.length, played.length),
      share(firsts.filter(({ firstLeft }) => firstLeft >= 0.8).length, played.length),
      hours(played.map(({ first }) => first)),
      share(played.filter(({ alone }) => alone !== null).length, played.length),
      hours(played.map(({ alone }) => alone)),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
  say();
}
say('## Fleets that do not leak\n');
say('| service | processes | together: said in vain | first of them: said in vain | told to be odd |');
say('|---|---|---|---|---|');
for (const kind of HEALTHY) {
  for (const processes of [2, 8]) {
    const played = Array.from({ length: runs }, (_, nth) =>
      play(kind, { seed: (nth + 1) * 7919, processes, share: 0 }),
    );
    const said = (of: (one: Played) => number | null): number => played.filter((one) => of(one) !== null).length;
    say(
      `| ${kind} | ${processes} | ${said(({ pool }) => pool)} of ${runs} | ${said(({ first }) => first)} of ${runs} | ${said(({ odd }) => odd)} of ${runs} |`,
    );
  }
}
say('\n## One of the processes leaks, 1 % an hour\n');
say("| processes | told to be the odd one | hours | another one named | said to be the fleet's |");
say('|---|---|---|---|---|');
for (const processes of [2, 4, 8]) {
  const played = Array.from({ length: 2 * runs }, (_, nth) =>
    play('with time', { seed: (nth + 1) * 7919, processes, share: 0.01, odd: 1 }),
  );
  const odd = played.filter((one) => one.odd !== null);
  say(
    `| ${processes} | ${share(odd.length, played.length)} | ${hours(played.map((one) => one.odd))} | ${odd.filter(({ oddIsRight }) => !oddIsRight).length} | ${played.filter(({ pool }) => pool !== null).length} |`,
  );
}
say('\n## The bound of the pool\n');
const fleets = small ? 20 : 200;
say(
  `${fleets} fleets of four a cell, ${small ? 500 : 1440} floors a minute apart, of which none grows; \`falseLeakRate\` 0.05, asked after each floor. With a cycle: six hours long, the same in all four, its swing three times the noise.\n`,
);
say('| noise | without a cycle | with a cycle that all share |');
say('|---|---|---|');
for (const noise of ['walk', 'remembers'] as const) {
  const cells = [false, true].map((cycle) => {
    const [alarmed, of] = bound(fleets, small ? 500 : 1440, noise, cycle);
    const [low, high] = shareInterval(alarmed, of);
    return `${alarmed} of ${of} (${low.toFixed(3)}–${high.toFixed(3)})`;
  });
  say(`| ${noise === 'walk' ? 'random walks' : 'autocorrelation 0.9'} | ${cells.join(' | ')} |`);
}
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/pooling.md', import.meta.url), `${lines.join('\n')}\n`);
