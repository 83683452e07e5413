// Which change brought the leak: how often is the guilty one named, how often an innocent one, and when? Services that are
// changed while they run, with the truth beside them (packages/server/src/fixtures/attribution/); beside Ebb's
// attribution what people do instead.
// By hand: node_modules/.bin/node bench/attribution/attribution.bench.ts [--small] [--held-out] [--write]
import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { attribute, livesAt, playScene, sceneKinds } from '../../packages/server/src/fixtures/attribution.ts';
import { nearestToChangePoint, newestBeforeAlert } from './peers.ts';

const small = process.argv.includes('--small');
const heldOut = process.argv.includes('--held-out');
const kinds = Object.keys(sceneKinds);
/** 500 scenarios, and a few. */
const perKind = small ? 2 : Math.ceil(500 / kinds.length);
/** The rule was made while looking at the first ones; nobody has looked at the others before they were run. */
const firstSeed = heldOut ? 10_001 : 1;
const withinMs = 5 * 60_000;

const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

interface Tally {
  named: number;
  right: number;
  due: number;
  found: number;
}

const empty = (): Tally => ({ named: 0, right: 0, due: 0, found: 0 });

function count(
  tally: Tally,
  named: readonly number[],
  truth: { guilty: readonly number[]; due: readonly number[] },
): void {
  tally.named += named.length;
  tally.right += named.filter((id) => truth.guilty.includes(id)).length;
  tally.due += truth.due.length;
  tally.found += truth.due.filter((id) => named.includes(id)).length;
}

const share = (part: number, of: number): string => (of === 0 ? '–' : (part / of).toFixed(3));
const all = { ebb: empty(), end: empty(), newest: empty(), point: empty() };
const rows: string[] = [];
let [scenarios, silent, cpuMs, asked] = [0, 0, 0, 0];

for (const kind of kinds) {
  const own = empty();
  let verdicts = 0;
  for (let seed = firstSeed; seed < firstSeed + perKind; seed++) {
    const scene = playScene(kind, seed);
    scenarios++;
    if (scene.verdictMs === null) {
      silent++;
      continue;
    }
    verdicts++;
    const namedAt = (nowMs: number): number[] => {
      const began = process.cpuUsage();
      const { steps } = attribute({
        changes: scene.changes.filter(({ timeMs }) => timeMs <= nowMs),
        lives: livesAt(scene.lives, nowMs),
        nowMs,
      });
      const { user, system } = process.cpuUsage(began);
      cpuMs += (user + system) / 1000;
      asked++;
      return steps.flatMap(({ part, step }) => (part === 'guilty' ? step.changes.map(({ id }) => id) : []));
    };
    const nowMs = scene.verdictMs + withinMs;
    // What began before the verdict, and can be told apart: the rest is right to be open.
    const due = scene.guilty.filter(
      (id) => !scene.untold.includes(id) && scene.changes[id - 1].timeMs < scene.verdictMs!,
    );
    const truth = { guilty: scene.guilty, due };
    const named = namedAt(nowMs);
    for (const tally of [own, all.ebb]) count(tally, named, truth);
    count(all.end, namedAt(scene.endMs), truth);
    const facts = {
      changes: scene.changes.filter(({ timeMs }) => timeMs <= nowMs),
      lives: livesAt(scene.lives, nowMs),
      verdictMs: scene.verdictMs,
    };
    count(all.newest, newestBeforeAlert(facts), truth);
    count(all.point, nearestToChangePoint(facts), truth);
  }
  rows.push(`| ${kind} | ${verdicts} | ${own.right} of ${own.named} | ${own.found} of ${own.due} |`);
}

say(`## ${heldOut ? 'Held-out' : 'Seen'} seeds: ${firstSeed} to ${firstSeed + perKind - 1} of each kind`);
say();
say(
  `${process.version.replace('v', 'Node v')}, ${cpus().length} × ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}; ${(cpuMs / asked).toFixed(0)} ms of CPU an attribution.`,
);
say();
say('| who names | precision | recall |');
say('|---|---|---|');
const told = (name: string, { named, right, due, found }: Tally): void => {
  say(`| ${name} | ${share(right, named)} (${right} of ${named}) | ${share(found, due)} (${found} of ${due}) |`);
};
told('Ebb, five minutes after the first verdict', all.ebb);
told('Ebb, at the end of the scenario', all.end);
told('the newest change before the verdict', all.newest);
told('the change nearest to a change point of the mean memory', all.point);
say();
say(`${scenarios} scenarios; in ${silent} of them no process was called a leak, and nobody was asked.`);
say();
say('| kind | asked | guilty, and named so | due, and found |');
say('|---|---|---|---|');
for (const row of rows) say(row);
say();

if (process.argv.includes('--write')) {
  const file = new URL('results/attribution.md', import.meta.url);
  if (heldOut) appendFileSync(file, lines.join('\n'));
  else
    writeFileSync(
      file,
      `# Which change brought the leak\n\nMade by \`bench/attribution/attribution.bench.ts --write\`, then with \`--held-out\`. A change is due when it brought the leak, came before the verdict, and can be told apart from the others.\n\n${lines.join('\n')}\n`,
    );
}
