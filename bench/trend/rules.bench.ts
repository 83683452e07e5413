// Which rule says "leak" how often, how early, and how often in vain? All rules that people use today, beside Ebb's judge,
// on the same series: real pods of which none leaks (leaks of 0.1, 1 and 5 % of the limit an hour are added), services
// over days and programs under watch from the simulator.
// By hand: node_modules/.bin/node bench/trend/rules.bench.ts [--small] [--write]
//   --small   an eighth of the series, for development; --write   results/rules.md and results/*.svg
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { MemoryJudgeOptions } from '@ebb/trend';
import { healthyServices, leakingServices } from '@ebb/trend/simulate';
import type { Alarm } from './alarm.ts';
import { plotSeries } from './plot.ts';
import { heldOutPods, otherDays, podSeries, readPods } from './real-pods.ts';
import type { Pod } from './real-pods.ts';
import { rulesOfToday } from './rules.ts';
import { playEbb, playRules } from './series.ts';
import type { BenchSeries } from './series.ts';
import { isUnseen, seedsOf, serviceSeries } from './services.ts';
import { daysOf, FalseAlarms, Hits } from './tally.ts';
import { watchedPrograms } from './watched.ts';

const small = process.argv.includes('--small');
const write = process.argv.includes('--write');
const results = new URL('results/', import.meta.url);
const LEAKS = [0.001, 0.01, 0.05];
const SERVICE: MemoryJudgeOptions = { warmupMs: 600_000 };
const EBB_RSS = '**Ebb, RSS alone**';
const EBB_FLOOR = '**Ebb, as a floor, with requests**';
const EBB_RSS_BESIDE = '**…, beside the other day**';
const EBB_FLOOR_BESIDE = '**… and requests, beside the other day**';
const EBB_AGENT = '**Ebb, floor, RSS and requests**';

const started = performance.now();
const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

/** The figures of one row: on series that don't leak, and on those that leak by so much. */
interface Row {
  healthy: FalseAlarms;
  leaking: Map<number, Hits>;
}

const rowsOf = (names: readonly string[]): Map<string, Row> =>
  new Map(
    names.map((name) => [
      name,
      { healthy: new FalseAlarms(), leaking: new Map(LEAKS.map((share) => [share, new Hits()])) },
    ]),
  );

function table(rows: Map<string, Row>): void {
  say(
    '| rule | false alarms a series-day | series alarmed in vain | leak of 0.1 % an hour: found | 1 %: found | … with 60 % of the way left | … with 80 % | way left, hours (median) | 5 %: found | … with 60 % left | precision (1 %) |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const [name, { healthy, leaking }] of rows) {
    const [slow, usual, fast] = LEAKS.map((share) => leaking.get(share)!);
    const cells = [
      name,
      healthy.perDay(),
      `${healthy.alarmedSeries} of ${healthy.series}`,
      slow.recall(),
      usual.recall(),
      usual.recallEarly(60),
      usual.recallEarly(80),
      `${usual.medianLeft()}, ${usual.medianHours()}`,
      fast.recall(),
      fast.recallEarly(60),
      usual.precision(healthy),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}

/** Ebb's rows once more: on what its constants were chosen on, and on what they were not. */
function apart(names: readonly string[]): { rows: (isHeldOut: boolean) => Map<string, Row>; say: () => void } {
  const [chosen, held] = [rowsOf(names), rowsOf(names)];
  return {
    rows: (isHeldOut) => (isHeldOut ? held : chosen),
    say: () => {
      say("\nEbb's constants were chosen on one half of these series:\n");
      table(chosen);
      say('\nand not on the other:\n');
      table(held);
    },
  };
}

function onPods(pods: readonly Pod[], heldOut: ReadonlySet<Pod>): number {
  const own = [EBB_RSS, EBB_RSS_BESIDE, EBB_FLOOR, EBB_FLOOR_BESIDE];
  const rows = rowsOf([...Object.keys(rulesOfToday), ...own]);
  const halves = apart(own);
  let native = 0;
  let days = 0;
  for (const pod of pods) {
    const [besideRss, besideFloor] = [false, true].map((asFloor): MemoryJudgeOptions => {
      const rises = otherDays(pod, pods, asFloor);
      return rises === null ? SERVICE : { ...SERVICE, usual: { rises, ageS: 0 } };
    });
    for (const share of [0, ...LEAKS]) {
      const series = podSeries(pod, share, false);
      const asFloor = podSeries(pod, share, true);
      const ebb = playEbb(series, SERVICE);
      const told: Record<string, Alarm[]> = {
        ...playRules(series, rulesOfToday),
        [EBB_RSS]: ebb.leak,
        [EBB_RSS_BESIDE]: playEbb(series, besideRss).leak,
        [EBB_FLOOR]: playEbb(asFloor, SERVICE).leak,
        [EBB_FLOOR_BESIDE]: playEbb(asFloor, besideFloor).leak,
      };
      if (share === 0) days += daysOf(series);
      if (share === 0 && ebb.native.length > 0) native++;
      for (const [name, row] of [...rows, ...halves.rows(heldOut.has(pod))]) {
        if (share === 0) row.healthy.add(series, told[name]);
        else row.leaking.get(share)!.add(series, told[name]);
      }
    }
  }
  table(rows);
  halves.say();
  if (native > 0) say(`\nBesides, Ebb called ${native} of them \`native\`.`);
  return days;
}

function onServices(runs: number): void {
  const names = [...Object.keys(rulesOfToday), EBB_RSS, EBB_AGENT];
  const rows = rowsOf(names);
  const halves = apart([EBB_RSS, EBB_AGENT]);
  const halfOf = (seed: number): Map<string, Row> => halves.rows(isUnseen(seed));
  const kinds: string[] = [];
  const kind = (name: string, shares: Record<string, string>): void => {
    kinds.push(`| ${name} | ${names.map((rule) => shares[rule]).join(' | ')} |`);
  };
  for (const [name, draw] of Object.entries(healthyServices)) {
    const alarmed = new Map(names.map((rule) => [rule, new FalseAlarms()]));
    for (const seed of seedsOf(runs)) {
      const [series, told] = playService(
        serviceSeries(name, draw, seed, 0, 'rss'),
        serviceSeries(name, draw, seed, 0, 'agent'),
      );
      for (const rule of names) {
        alarmed.get(rule)!.add(series, told[rule]);
        rows.get(rule)!.healthy.add(series, told[rule]);
        halfOf(seed).get(rule)?.healthy.add(series, told[rule]);
      }
    }
    kind(name, Object.fromEntries(names.map((rule) => [rule, `${alarmed.get(rule)!.alarmedSeries} of ${runs}`])));
  }
  for (const [name, draw] of Object.entries(leakingServices)) {
    const found = new Map(names.map((rule) => [rule, new Hits()]));
    for (const seed of seedsOf(runs)) {
      for (const share of LEAKS) {
        const [series, told] = playService(
          serviceSeries(name, draw, seed, share, 'rss'),
          serviceSeries(name, draw, seed, share, 'agent'),
        );
        for (const rule of names) {
          rows.get(rule)!.leaking.get(share)!.add(series, told[rule]);
          halfOf(seed).get(rule)?.leaking.get(share)!.add(series, told[rule]);
          if (share === 0.01) found.get(rule)!.add(series, told[rule]);
        }
      }
    }
    const cell = (hits: Hits): string =>
      hits.found === 0 ? '0' : `${hits.found} of ${runs}, ${hits.medianLeft()} left`;
    kind(`leaks ${name}, 1 % an hour`, Object.fromEntries(names.map((rule) => [rule, cell(found.get(rule)!)])));
  }
  table(rows);
  halves.say();
  say(
    '\nBy kind of service: how many of the series a rule alarmed on, and what was left of the way to the limit (median).\n',
  );
  say(`| service | ${names.join(' | ')} |`);
  say(`|---|${names.map(() => '---').join('|')}|`);
  for (const line of kinds) say(line);
}

function playService(rss: BenchSeries, agent: BenchSeries): [BenchSeries, Record<string, Alarm[]>] {
  const withAgent = playEbb(agent, SERVICE);
  return [
    rss,
    {
      ...playRules(rss, rulesOfToday),
      [EBB_RSS]: playEbb(rss, SERVICE).leak,
      [EBB_AGENT]: [...withAgent.leak, ...withAgent.native],
    },
  ];
}

const elapsed = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const { pods: all, told, empty } = readPods();
const pods = small ? all.filter((_, nth) => nth % 8 === 0) : all;
const runs = small ? 2 : 12;

say('# All rules on the same series\n');
say(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/rules.bench.ts${small ? ' --small' : ''}\`.\n`,
);
say(
  'A rule is asked "alarm now?" after each sample. Alarms less than an hour apart are one. Intervals are of 95 %: Poisson for false alarms (where there was none, the one-sided bound), Wilson for shares. A leak is found when the rule alarms while it leaks; what is left of the way to the limit is read off at that moment (of a simulated service by memory that is not given back later: a tooth of a saw takes none of it). Precision: of the series that a rule alarms on, the share that leaks, if half of all do. What each rule is stands in `bench/trend/rules.ts`.\n',
);
say('## Real pods\n');
say(
  `The set (${told} pod-days) has each series twice, under two names; these are the ${all.length} distinct ones${empty > 0 ? `, without ${empty} that hold nothing` : ''}${small ? `, every eighth of them (${pods.length})` : ''}, a sample a minute. None of them leaks: every alarm on them as they are is a false one. The set tells no limits: the limit is taken to be one and a half of the peak, and 50 MB. To find leaks, a steady one is added, from the first sample on. As a floor: the same values, taken for floors after collections, and the requests. Beside the other day: the same service on the other day (without the leak), as what was seen before.\n`,
);
const days = onPods(pods, heldOutPods(all));
say(`\n${days.toFixed(1)} series-days as they are. (${elapsed()})\n`);
say('## Simulated services\n');
say(
  `${runs} of each kind, over two days (half a day after a deploy), a sample a minute: noise on floor and RSS with an autocorrelation of 0.9, a day in the traffic, V8's own growth of the heap. The rules of today, and Ebb's first row, see RSS; the agent tells the floor, RSS and the requests.\n`,
);
onServices(runs);
say(`\n(${elapsed()})\n`);
say('## Programs under watch\n');
watchedPrograms(small ? 3 : 30, rulesOfToday, say);
say(`\nThe whole run took ${elapsed()}.`);
if (write) {
  mkdirSync(results, { recursive: true });
  lines.push(
    '\n## Typical series\n',
    'Below each series: when each rule alarmed, from the first moment of an alarm to its last.',
  );
  for (const { file, title, svg } of plotSeries(all)) {
    writeFileSync(new URL(file, results), svg);
    lines.push(`\n![${title}](${file})`);
  }
  writeFileSync(new URL('rules.md', results), `${lines.join('\n')}\n`);
}
