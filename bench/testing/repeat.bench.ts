// Does `ebb test` answer the same again and again, on real leaks, on the versions that mended them, on look-alikes?
//   npm run bench:repeat -w packages/testing -- [RUNS] [--corpus DIR] [--only id,id] [--sample N] [--jobs N]
//   --jobs: so many cases at once
// Committed: results/repeat.md, and every answer in results/repeat.json. Answers are written down one by one: a bench that
// was ended goes on where it stopped, and asks again where there was no answer (that there was none stays). Remove
// repeat.json to begin anew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { askEach, here, KeptAnswers, machine, readSubjects } from './corpus.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string' },
    only: { type: 'string' },
    sample: { type: 'string' },
    jobs: { type: 'string', default: '1' },
  },
});
const runs = Number(positionals[0] ?? 5);
const corpus = values.corpus ?? join(here, '../../../shared/corpus');
const ebb = join(here, '../../node_modules/.bin/ebb');
const subjects = readSubjects(join(corpus, 'cases'), values);

interface Answer {
  verdict: string;
  /** Whether the culprit was among the first three findings. */
  named: boolean;
  seconds: number | null;
  /** Why there is no answer (`error`). */
  why?: string;
}
const kept = new KeptAnswers<Answer[]>(join(here, 'results/repeat.json'));

function answered(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ verdict }) => verdict !== 'error');
}

/** One answer to each version of a case, by the corpus' own score. */
async function ask(id: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-repeat-'));
  const out = join(folder, 'score.json');
  const args = [join(corpus, 'score.mjs'), '--mode', 'test', '--only', id, '--ebb', ebb, '--out', out];
  await once(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  const { rows } = JSON.parse(readFileSync(out, 'utf8')) as {
    rows: { version: string; verdict?: string; error?: string; rank?: number | null; seconds?: number }[];
  };
  rmSync(folder, { recursive: true });
  for (const { version, verdict, error, rank, seconds } of rows) {
    const given = { verdict: verdict ?? 'error', named: (rank ?? 9) <= 3, seconds: seconds ?? null };
    const answer = verdict === undefined ? { ...given, why: (error ?? '').slice(0, 300) } : given;
    if (answered(kept.all[`${id} ${version}`] ?? []).length >= runs) continue;
    kept.keep(`${id} ${version}`, [...(kept.all[`${id} ${version}`] ?? []), answer]);
    console.error(`${id} ${version}: ${answer.verdict}`);
  }
}

const ids = [...new Set(subjects.map((subject) => subject.id))];
const timesAnswered = (id: string): number =>
  Math.min(...subjects.filter((s) => s.id === id).map((s) => answered(kept.all[`${id} ${s.version}`] ?? []).length));
for (let run = 1; run <= runs; run++) {
  const open = ids.filter((id) => timesAnswered(id) < run);
  await askEach(open, Number(values.jobs), ask);
}

const rows = subjects.flatMap(({ id, version }) => {
  const all = kept.all[`${id} ${version}`] ?? [];
  const answers = answered(all);
  return answers.length === 0 ? [] : [{ id, version, answers, without: all.length - answers.length }];
});
const right = (version: string, { verdict }: Answer): boolean => (version === 'leaky') === (verdict === 'leak');
const most = Math.max(0, ...rows.map(({ answers }) => answers.length));
const without = rows.filter((row) => row.without > 0);
const out = [
  machine(),
  '',
  `${String(rows.length)} of ${String(subjects.length)} subjects were asked about, up to ${String(most)} times. Seconds are those of a shared machine.`,
  '',
  '| run | leaks missed | false alarms | culprit in three, of those found |',
  '|---|---|---|---|',
];
for (let run = 0; run < most; run++) {
  const asked = rows.filter(({ answers }) => answers.length > run);
  const of = (version: string, test: (answer: Answer) => boolean): number =>
    asked.filter((row) => row.version === version && test(row.answers[run])).length;
  const leaky = of('leaky', () => true);
  const found = of('leaky', ({ verdict }) => verdict === 'leak');
  const alarms = of('fixed', ({ verdict }) => verdict === 'leak');
  out.push(
    `| ${String(run + 1)} | ${String(leaky - found)} of ${String(leaky)} | ${String(alarms)} of ${String(of('fixed', () => true))} | ${String(of('leaky', ({ named, verdict }) => named && verdict === 'leak'))} of ${String(found)} |`,
  );
}
const isLeak = ({ verdict }: Answer): boolean => verdict === 'leak';
const unsteady = rows.filter(({ answers }) => new Set(answers.map(isLeak)).size > 1);
out.push(
  '',
  `Another answer in another run (a leak, or none): ${unsteady.length === 0 ? 'none' : unsteady.map(({ id, version }) => `${id} (${version})`).join(', ')}.`,
  '',
  `No answer, and asked again: ${without.length === 0 ? 'none' : without.map((row) => `${row.id} (${row.version}), ${String(row.without)} ×`).join('; ')}.`,
  '',
  '| case | version | answers | seconds, median |',
  '|---|---|---|---|',
);
for (const { id, version, answers } of rows) {
  const seconds = answers.flatMap((answer) => answer.seconds ?? []).sort((a, b) => a - b);
  const said = answers.map((answer) => (right(version, answer) ? answer.verdict : `**${answer.verdict}**`)).join(', ');
  out.push(`| ${id} | ${version} | ${said} | ${String(seconds[Math.floor(seconds.length / 2)] ?? '–')} |`);
}
const report = `${out.join('\n')}\n`;
process.stdout.write(report);
writeFileSync(join(here, 'results/repeat.md'), report);
