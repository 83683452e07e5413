// What does `ebb test` say of programs of a few lines: kinds of leaks that the corpus has not, the same programs mended,
// look-alikes, and stores that are emptied by turns? Beside it the rule that the heap must not have grown.
//   npm run bench:programs -w packages/testing -- [--only name,name] [--jobs N]
// Committed: results/programs.md. A program is told by RELEASE whether it leaks (fixtures/programs); where it does, the lines
// that hold or add what grows say `// grows`. Ebb is not told of these.
import type { Finding, FindingsReport } from '@ebb/heap';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { askEach, here, machine } from './corpus.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, jobs: { type: 'string', default: '1' } } });
const ebb = join(here, '../../node_modules/.bin/ebb');
const programs = join(here, 'fixtures/programs');
const EMPTIED_AFTER = [700, 1900, 4100, 9000];
const LIMIT_MS = 300_000;

interface Subject {
  readonly name: string;
  readonly leaks: boolean;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Answer {
  readonly verdict: string;
  /** Whether the first finding names a line that holds or adds what grows. */
  readonly line: boolean;
  readonly title: string;
  readonly heapGrew: boolean | null;
}

function subjectsOf(file: string): Subject[] {
  const name = basename(file, '.mjs');
  if (name.startsWith('healthy-')) return [{ name, leaks: false, file, env: {} }];
  if (name.startsWith('emptied-'))
    return EMPTIED_AFTER.map((calls) => {
      const env = { EMPTIED_AFTER: String(calls) };
      return { name: `${name}, after ${String(calls)} calls`, leaks: false, file, env };
    });
  return [
    { name, leaks: true, file, env: { RELEASE: 'leaky' } },
    { name: `${name}, mended`, leaks: false, file, env: { RELEASE: 'fixed' } },
  ];
}

/** A command's exit code and what it printed; null where it was ended. */
async function run(command: string, args: string[], env: Subject['env']): Promise<[number | null, string]> {
  return await new Promise((resolve) => {
    const options = { cwd: programs, env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: 2 ** 28 };
    execFile(command, args, options, (error, stdout) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve([code, stdout]);
    });
  });
}

async function ask({ file, env }: Subject): Promise<Answer> {
  const [, said] = await run(ebb, ['test', '--json', file], env);
  const { verdict, findings } = JSON.parse(said) as FindingsReport;
  const first = findings.at(0);
  const rule = `import { heapGrew } from ${JSON.stringify(pathToFileURL(join(here, 'fixtures/heap-grew.mjs')).href)};
const { iterate } = await import(${JSON.stringify(pathToFileURL(file).href)});
await heapGrew(iterate).then(() => process.exit(0), () => process.exit(1));`;
  const [code] = await run(process.execPath, ['--input-type=module', '--eval', rule], env);
  return {
    verdict,
    line: first !== undefined && namesLine(first, file),
    title: first?.title ?? '',
    heapGrew: code === null ? null : code === 1,
  };
}

function namesLine({ holder, path, insertedAt, allocatedAt }: Finding, file: string): boolean {
  const lines = readFileSync(file, 'utf8').split('\n');
  const places = [holder.location, ...path.map(({ location }) => location), insertedAt, ...(allocatedAt ?? [])];
  return places.some(
    (place) => place?.file.endsWith(basename(file)) === true && lines[place.line - 1].includes('// grows'),
  );
}

const subjects = readdirSync(programs)
  .sort()
  .flatMap((file) => subjectsOf(join(programs, file)))
  .filter(({ file }) => values.only?.split(',').includes(basename(file, '.mjs')) !== false);
const answers = new Map<Subject, Answer>();
await askEach(subjects, Number(values.jobs), async (subject) => {
  const answer = await ask(subject);
  answers.set(subject, answer);
  console.error(subject.name, JSON.stringify(answer));
});

const rows = subjects.flatMap((subject) => {
  const answer = answers.get(subject);
  return answer === undefined ? [] : [{ ...subject, ...answer }];
});
const leaking = rows.filter(({ leaks }) => leaks);
const healthy = rows.filter(({ leaks }) => !leaks);
type Row = (typeof rows)[number];
/** How many of them it is true of; those of which it is not known do not count. */
const share = (among: readonly Row[], isTrue: (row: Row) => boolean | null): string => {
  const known = among.map(isTrue).filter((each) => each !== null);
  return `${String(known.filter(Boolean).length)} of ${String(known.length)}`;
};
const isCalledLeak = ({ verdict }: Row): boolean => verdict === 'leak';
const found = leaking.filter(isCalledLeak);
const itsHeapGrew = ({ heapGrew }: Row): boolean | null => heapGrew;
const out = [
  machine(),
  '',
  '| method | leaks found | its line in the first finding | false alarms |',
  '|---|---|---|---|',
  `| \`ebb test\` | ${share(leaking, isCalledLeak)} | ${share(found, ({ line }) => line)} | ${share(healthy, isCalledLeak)} |`,
  `| the heap must not have grown, over a thousand calls | ${share(leaking, itsHeapGrew)} | – | ${share(healthy, itsHeapGrew)} |`,
  '',
  '| program | `ebb test` | its line | the first finding | the heap grew |',
  '|---|---|---|---|---|',
  ...rows.map(
    ({ name, verdict, line, title, heapGrew }) =>
      `| ${name} | ${verdict} | ${title === '' ? '' : line ? 'yes' : 'no'} | ${title.replaceAll('|', '\\|')} | ${heapGrew === null ? '–' : heapGrew ? 'yes' : 'no'} |`,
  ),
];
const report = `${out.join('\n')}\n`;
process.stdout.write(report);
if (values.only === undefined) writeFileSync(join(here, 'results/programs.md'), report);
