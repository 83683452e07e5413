// Which route leaks, how many bytes a request, and is it said only when it can be known? Programs from the simulator with
// the truth beside them; Ebb's attribution beside what one might do instead.
// By hand: node_modules/.bin/node bench/trend/routes.bench.ts [--small] [--write]   (--write: results/routes.md)
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { attributeToRoutes, RouteTable } from '@ebb/trend';
import { seeded } from '@ebb/trend/simulate';
import { shareInterval } from './intervals.ts';
import { floorsOf, routedPrograms, ROUTES, SERVICE, WATCHED } from './routed.ts';
import type { Routed, Scale } from './routed.ts';
import { peers } from './route-peers.ts';
import type { Totals } from './route-peers.ts';

const small = process.argv.includes('--small');
const runs = small ? 20 : 200;
const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

interface Counts {
  /** One route named for sure, and it is one of those that leak; or it is not. */
  right: number;
  wrong: number;
  /** Several told together (or time, or every request), with all that leak among them; or without. */
  together: number;
  astray: number;
  silent: number;
  /** Of the named ones: was the true size in the interval? */
  covered: number;
  sized: number;
  widths: number[];
  peers: Record<string, { right: number; wrong: number; covered: number; sized: number }>;
}

function count(draw: (random: ReturnType<typeof seeded>, scale: Scale) => Routed, scale: Scale): Counts {
  const counts: Counts = {
    right: 0,
    wrong: 0,
    together: 0,
    astray: 0,
    silent: 0,
    covered: 0,
    sized: 0,
    widths: [],
    peers: Object.fromEntries(Object.keys(peers).map((name) => [name, { right: 0, wrong: 0, covered: 0, sized: 0 }])),
  };
  for (let seed = 1; seed <= runs; seed++) {
    const truth = draw(seeded(seed * 7919), scale);
    const table = new RouteTable({ warmupMs: scale.warmupMs });
    const totals: Totals & { counts: number[][]; bytes: number[] } = { routes: ROUTES, counts: [], bytes: [] };
    for (const { floor, requests, requestsByRoute } of floorsOf(truth.program, scale, seed)) {
      const bytes = floor!.heapBytes + floor!.externalBytes;
      table.add({ timeMs: floor!.timeMs, bytes, requests, requestsByRoute });
      if (floor!.timeMs < scale.warmupMs) continue;
      totals.counts.push(ROUTES.map((route) => requestsByRoute[route] ?? 0));
      totals.bytes.push(bytes);
    }
    score(counts, truth, table);
    for (const [name, peer] of Object.entries(peers)) {
      const { blamed, interval } = peer(totals);
      if (blamed === null) continue;
      const told = counts.peers[name];
      const size = truth.leaks[blamed] ?? 0;
      // Which of two that move together leaks can't be known: to name the other is wrong.
      if (size > 0 && truth.tied.length === Object.keys(truth.leaks).length) told.right++;
      else told.wrong++;
      if (interval === null) continue;
      told.sized++;
      if (interval[0] <= size && size <= interval[1]) told.covered++;
    }
  }
  return counts;
}

function score(counts: Counts, truth: Routed, table: RouteTable): void {
  const attribution = attributeToRoutes(table);
  const shares = attribution?.shares ?? [];
  const named = shares.filter(({ sure }) => sure);
  const unsure = shares.filter(({ sure, bytesPerRequest }) => !sure && bytesPerRequest.low > 0);
  for (const { routes, bytesPerRequest } of named) {
    counts.sized++;
    const size = truth.leaks[routes[0]] ?? 0;
    if (bytesPerRequest.low <= size && size <= bytesPerRequest.high) counts.covered++;
    if (size > 0) counts.widths.push((bytesPerRequest.high - bytesPerRequest.low) / size);
  }
  if (named.length > 0) {
    if (named.every(({ routes }) => truth.leaks[routes[0]] > 0)) counts.right++;
    else counts.wrong++;
  } else if (unsure.length > 0) {
    const culprits = new Set(truth.tied.includes('time') ? ['time'] : Object.keys(truth.leaks));
    const isRight = unsure.every(({ routes, anyRoute, orTime }) =>
      [...routes, ...(anyRoute ? ['*'] : []), ...(orTime ? ['time'] : [])].some((member) => culprits.has(member)),
    );
    if (isRight) counts.together++;
    else counts.astray++;
  } else counts.silent++;
}

say('# Which route leaks\n');
say(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/routes.bench.ts${small ? ' --small' : ''}\`: ${runs} runs of each program.\n`,
);
say(
  "Six routes of 40 to 4 % of the requests, whose shares drift. *Named*: one route for sure, with an interval above zero. *Together*: it is said that several can't be told apart (or that it is time, or every request), with what truly leaks among them. *Astray*: the same without what truly leaks. *Covered*: of the named ones, the true bytes a request lay in the interval of 95 % (Wilson's interval of that share). *Width*: of the interval, of the true size (median).\n",
);
for (const [title, scale] of Object.entries({
  'A service: 12 hours, a floor every two minutes, leak of 1 % of the limit an hour, noise of a quarter of that with an autocorrelation of 0.9':
    SERVICE,
  'The same with a leak of 0.1 % an hour': { ...SERVICE, leakBytes: SERVICE.leakBytes / 10 },
  'A program under watch: 90 seconds, a floor every two, leak of 1 MB a second': WATCHED,
} satisfies Record<string, Scale>)) {
  say(`## ${title}\n`);
  const names = Object.keys(peers);
  say(
    `| program | named right | named wrong | together | astray | nothing said | covered | width | ${names.map((name) => `${name}: right, wrong, covered`).join(' | ')} |`,
  );
  say(`|---|---|---|---|---|---|---|---|${names.map(() => '---').join('|')}|`);
  for (const [name, draw] of Object.entries(routedPrograms)) {
    const told = count(draw, scale);
    const [low, high] = shareInterval(told.covered, told.sized);
    const covered =
      told.sized === 0 ? '–' : `${(told.covered / told.sized).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
    const widths = told.widths.toSorted((a, b) => a - b);
    const width = widths.length === 0 ? '–' : `${Math.round(100 * widths[widths.length >> 1])} %`;
    const others = names.map((peer) => {
      const { right, wrong, covered: hit, sized } = told.peers[peer];
      return `${right}, ${wrong}, ${sized === 0 ? '–' : (hit / sized).toFixed(2)}`;
    });
    const cells = [told.right, told.wrong, told.together, told.astray, told.silent, covered, width, ...others];
    say(`| ${name} | ${cells.join(' | ')} |`);
  }
  say();
}
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/routes.md', import.meta.url), `${lines.join('\n')}\n`);
