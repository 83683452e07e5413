// Does the server leak? Ebb's own judge looks at its floors while processes, services and tokens come and go, verdicts
// turn, and wrong requests of all kinds are sent (packages/server/src/fixtures/soak.ts).
//
//   npm run soak -w packages/server -- [rounds] [--leak]     600 rounds of 40 requests take some five minutes; --write: results/soak.md
//
// With --leak the server keeps something of each request: then a leak has to be told.
import { parseArgs } from 'node:util';
import { soak } from '../../packages/server/src/fixtures/soak.ts';
import { machine, showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { leak: { type: 'boolean', default: false }, write: { type: 'boolean' } },
});
const rounds = Number(positionals[0] ?? 600);
const rows: string[] = [];
const judgements = await soak({
  rounds,
  leak: options.leak,
  onRound: (round, { verdict }, { heapUsed, external, rss }) => {
    if ((round + 1) % Math.ceil(rounds / 10) !== 0 && round !== rounds - 1) return;
    const megabytes = [heapUsed, external, rss].map((bytes) => (bytes / 1e6).toFixed(1));
    rows.push(`| ${[round + 1, ...megabytes, verdict].join(' | ')} |`);
    console.error(rows.at(-1));
  },
});
const last = judgements.at(-1);
const bad = judgements.filter(({ verdict }) => verdict === 'leak' || verdict === 'native').length;
const table = [
  `# The server's own memory over ${rounds} rounds of churn${options.leak ? ', with a leak built in' : ''}`,
  '',
  `\`npm run soak -w packages/server -- ${rounds}${options.leak ? ' --leak' : ''}\`, ${new Date().toISOString().slice(0, 10)}: ${machine()}. After each round a full collection.`,
  '',
  '| rounds | heap, MB | external, MB | RSS, MB | verdict |',
  '| --- | --- | --- | --- | --- |',
  ...rows,
  '',
  `The last verdict is \`${last?.verdict ?? ''}\`; \`leak\` or \`native\` was told after ${bad} of ${rounds} rounds.`,
  '',
].join('\n');
showTable(table, options.write === true ? `soak${options.leak ? '-with-a-leak' : ''}` : null);
if (options.leak ? last?.verdict !== 'leak' : bad > 0) process.exitCode = 1;
