// How many real leaks do the rules find in the source, at the culprit's file, and are they silent in the version that
// mended it? How often are they wrong on ten popular, healthy packages? How long does a file take? Other linters answer
// the same questions in the same run.
//   npm run bench -w packages/eslint-plugin -- [CORPUS]       committed: results/lint.md
// Every report on a healthy package is judged by hand in judged.json; the bench fails on one that is not there.
import plugin, { fingerprintIn } from '@ebb/eslint-plugin';
import { Linter } from 'eslint';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readCases, textsBelow, type Case, type Text } from './cases.ts';

const here = dirname(fileURLToPath(import.meta.url));
const corpus = process.argv[2] ?? join(here, '../../../shared/corpus/cases');
const peers = join(here, 'peers');
if (!existsSync(join(peers, 'node_modules'))) {
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts'], {
    cwd: peers,
    stdio: 'inherit',
  });
}
const require = createRequire(join(peers, 'package.json'));

/** One report of a linter. */
interface Report {
  file: string;
  line: number;
  rule: string;
  message: string;
  /** What makes it the same report in another version of the file. */
  key: string;
}
type Lint = (texts: readonly Text[]) => Report[];

const linter = new Linter({ configType: 'flat', cwd: '/' });

function withEslint(plugins: Record<string, unknown>, rules: Record<string, unknown>): Lint {
  return (texts) =>
    texts.flatMap(({ file, path, text }) => {
      for (const sourceType of ['module', 'commonjs'] as const) {
        const config = {
          files: ['**/*'],
          plugins,
          rules,
          languageOptions: { sourceType },
          linterOptions: { reportUnusedDisableDirectives: 'off' },
        };
        const messages = linter.verify(text, config as Linter.Config, {
          filename: `/published/${path}`,
          allowInlineConfig: false,
        });
        if (messages.some(({ fatal }) => fatal)) continue;
        return messages.map(({ line, ruleId, message }) => {
          const rule = ruleId ?? '';
          const key = `${rule} ${fingerprintIn(message) ?? text.split('\n')[line - 1]?.trim()}`;
          return { file, line, rule, message, key };
        });
      }
      console.error(`${file} is no JavaScript that ESLint reads`);
      return [];
    });
}

/** Linters with a command of their own, on copies of the texts. */
function withCommand(
  command: string[],
  read: (stdout: string) => { file: string; line: number; rule: string; message: string }[],
): Lint {
  return (texts) => {
    const folder = mkdtempSync(join(tmpdir(), 'ebb-lint-bench-'));
    const names = texts.map(({ file, text }, at) => {
      const name = `${at}${file.slice(file.lastIndexOf('.'))}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), text);
      return name;
    });
    const { stdout } = spawnSync(join(peers, 'node_modules/.bin', command[0]), [...command.slice(1), ...names], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    rmSync(folder, { recursive: true, force: true });
    return read(stdout).map(({ file, line, rule, message }) => {
      const text = texts[names.indexOf(file)];
      return { file: text.file, line, rule, message, key: `${rule} ${text.text.split('\n')[line - 1]?.trim()}` };
    });
  };
}

const ruleNames = (preset: 'recommended' | 'strict'): Record<string, unknown> => plugin.configs[preset].rules;
/** Peers are asked for all that they say of resources, effects and listeners; what they say of style counts for nothing. */
async function peerRules(
  name: string,
  prefix: string,
): Promise<{ plugins: Record<string, unknown>; rules: Record<string, unknown> }> {
  const root = join(peers, 'node_modules', name);
  const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string };
  const module = (await import(pathToFileURL(join(root, main)).href)) as {
    default?: { rules: object };
    rules?: object;
  };
  const peer = module.default ?? module;
  const names = Object.keys((peer as { rules: object }).rules);
  return {
    plugins: { [prefix]: peer },
    rules: Object.fromEntries(names.map((rule) => [`${prefix}/${rule}`, 'error'])),
  };
}
const web = await peerRules('eslint-plugin-react-web-api', 'web-api');
const sonar = await peerRules('eslint-plugin-sonarjs', 'sonarjs');

const linters: Record<string, Lint> = {
  'ebb, recommended': withEslint({ ebb: plugin }, ruleNames('recommended')),
  'ebb, strict': withEslint({ ebb: plugin }, ruleNames('strict')),
  'eslint-plugin-react-web-api, all rules': withEslint(web.plugins, web.rules),
  'eslint-plugin-sonarjs, all rules': withEslint(sonar.plugins, sonar.rules),
  'oxlint, suspicious and correctness': withCommand(
    ['oxlint', '-D', 'correctness', '-D', 'suspicious', '--format', 'json'],
    (out) =>
      (
        JSON.parse(out) as {
          diagnostics: { filename: string; code: string; message: string; labels: { span: { line: number } }[] }[];
        }
      ).diagnostics.map(({ filename, code, message, labels }) => ({
        file: filename,
        line: labels[0]?.span.line ?? 1,
        rule: code,
        message,
      })),
  ),
  'biome, recommended': withCommand(['biome', 'lint', '--reporter=github', '--max-diagnostics=none'], (out) =>
    [...out.matchAll(/^::\w+ title=([^,]*),file=([^,]*),line=(\d+),.*?::(.*)$/gmu)].map(
      ([, rule, file, line, message]) => ({ file, line: Number(line), rule, message }),
    ),
  ),
};

/** Rules of other linters that are about what leaks, by their names; whatever else they say is of style, or of bugs. */
const aboutLeaks = /leak|listener|interval|timeout|subscri|resource|dispos|clos(?:e|ing)|race|session|cache|unbound/iu;

/** What a linter says of every file of the corpus, by file: in the versions that leak, and in the mended ones. */
interface Answers {
  leaky: Map<string, Report[]>;
  mended: Map<string, Report[]>;
}

function answersOf(lint: Lint, all: readonly Case[]): Answers {
  const byFile = (texts: readonly Text[]): Map<string, Report[]> => {
    const files = new Map<string, Report[]>();
    for (const report of lint(texts)) files.set(report.file, [...(files.get(report.file) ?? []), report]);
    return files;
  };
  return { leaky: byFile(all.flatMap(({ leaky }) => leaky)), mended: byFile(all.flatMap(({ mended }) => mended)) };
}

/** A leak counts as found by a report that is there in the leaky version and gone in the mended one. */
function judge(answers: Answers, { leaky, mended }: Case): { reports: Report[]; gone: Report[] } {
  const before = leaky.flatMap(({ file }) => answers.leaky.get(file) ?? []);
  const after = mended.flatMap(({ file }) => answers.mended.get(file) ?? []);
  return { reports: before, gone: before.filter(({ key }) => !after.some((other) => other.key === key)) };
}

const { cases, missing } = readCases(corpus);
const visible = JSON.parse(readFileSync(join(here, 'visible.json'), 'utf8')) as Record<
  string,
  { visible: boolean; why: string }
>;
const judged = JSON.parse(readFileSync(join(here, 'judged.json'), 'utf8')) as {
  package: string;
  file: string;
  rule: string;
  name: string;
  verdict: 'true' | 'false';
  why: string;
}[];
const out: string[] = [`Node ${process.version}, ${cpus().length} × ${cpus()[0].model}.`, ''];

// Leaks
const seen = cases.filter(({ id }) => visible[id] === undefined || visible[id].visible);
const rows: string[] = [];
const found: Record<string, number> = {};
const inBoth: Record<string, number> = {};
const answers = Object.entries(linters).map(([name, lint]) => ({ name, of: answersOf(lint, cases) }));
for (const each of cases) {
  const cells = answers.map(({ name, of }) => {
    const { reports, gone } = judge(of, each);
    const about = name.startsWith('ebb') ? gone : gone.filter(({ rule }) => aboutLeaks.test(rule));
    found[name] ??= 0;
    inBoth[name] ??= 0;
    if (seen.includes(each) && about.length > 0) found[name]++;
    if (about.length > 0) return [...new Set(about.map(({ rule }) => rule.replace('ebb/', '')))].join(', ');
    if (!name.startsWith('ebb') || reports.length === 0) return '–';
    if (seen.includes(each)) inBoth[name]++;
    return `${reports[0].rule.replace('ebb/', '')} (in both)`;
  });
  rows.push(`| ${each.id} | ${seen.includes(each) ? 'yes' : 'no'} | ${cells.join(' | ')} |`);
}
out.push(`## ${cases.length} leaks, ${seen.length} of them with their cause in the culprit's source`, '');
out.push(
  "Visible or not is judged by hand (`visible.json`, with reasons). Found: a report in the culprit's file that is gone in the version that mended it. Of the reports of other linters those count whose rule is about leaks, listeners, timers, resources or the like, by its name.",
  '',
);
out.push('| linter | found, of the visible | also reported, and in both versions |', '|---|---|---|');
for (const name of Object.keys(linters)) out.push(`| ${name} | ${found[name]} of ${seen.length} | ${inBoth[name]} |`);
out.push(
  '',
  `| leak | visible | ${Object.keys(linters).join(' | ')} |`,
  `|---|---|${'---|'.repeat(Object.keys(linters).length)}`,
  ...rows,
  '',
);
if (missing.length > 0) out.push(`Not installed, and not looked at: ${missing.join(', ')}.`, '');

// Healthy packages
const healthy = ['express', 'fastify', 'koa', 'ws', 'pino', 'undici', 'ioredis', 'pg', 'mongodb', 'bullmq'];
out.push('## Ten popular, healthy packages', '');
out.push(
  '| package | files | lines | ebb, recommended | of them false | ebb, strict | of them false | ms a file (strict) |',
  '|---|---|---|---|---|---|---|---|',
);
const sums = { files: 0, lines: 0, recommended: 0, recommendedFalse: 0, strict: 0, strictFalse: 0, ms: 0 };
const unjudged: string[] = [];
const all: Text[] = [];
for (const name of healthy) {
  const root = dirname(require.resolve(`${name}/package.json`));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const texts = textsBelow(root, '.').filter(
    ({ file }) =>
      !/(?:^|\/)(?:tests?|benchmarks?|bench|examples?|docs|scripts|dist\/esm|lib\/esm)\//u.test(relative(root, file)),
  );
  all.push(...texts);
  const isFalse = ({ file, rule, message }: Report): boolean => {
    const entry = judged.find(
      (each) =>
        each.package === name &&
        each.file === relative(root, file) &&
        each.rule === rule &&
        message.includes(each.name),
    );
    if (!entry) unjudged.push(`${name} ${relative(root, file)} ${rule}: ${message}`);
    return entry?.verdict !== 'true';
  };
  const recommended = linters['ebb, recommended'](texts);
  const startedMs = performance.now();
  const strict = linters['ebb, strict'](texts);
  const ms = performance.now() - startedMs;
  const lines = texts.reduce((sum, { text }) => sum + text.split('\n').length, 0);
  const falses = [recommended.filter(isFalse).length, strict.filter(isFalse).length];
  out.push(
    `| ${name} ${version} | ${texts.length} | ${lines.toLocaleString('en')} | ${recommended.length} | ${falses[0]} | ${strict.length} | ${falses[1]} | ${(ms / texts.length).toFixed(1)} |`,
  );
  sums.files += texts.length;
  sums.lines += lines;
  sums.recommended += recommended.length;
  sums.recommendedFalse += falses[0];
  sums.strict += strict.length;
  sums.strictFalse += falses[1];
  sums.ms += ms;
}
const per10k = (count: number): string => ((count / sums.lines) * 10_000).toFixed(2);
out.push(
  `| all | ${sums.files} | ${sums.lines.toLocaleString('en')} | ${sums.recommended} | ${sums.recommendedFalse} | ${sums.strict} | ${sums.strictFalse} | ${(sums.ms / sums.files).toFixed(1)} |`,
  '',
);
out.push(
  `False reports in 10,000 lines: ${per10k(sums.recommendedFalse)} (recommended), ${per10k(sums.strictFalse)} (strict). Each report is judged by hand in \`judged.json\`. The time is that of parsing and all rules, without types.`,
  '',
);
out.push('| linter | reports on these packages |', '|---|---|');
for (const [name, lint] of Object.entries(linters))
  if (!name.startsWith('ebb')) out.push(`| ${name} | ${lint(all).length} |`);

const report = `${out.join('\n')}\n`;
process.stdout.write(report);
writeFileSync(join(here, 'results/lint.md'), report);
for (const line of new Set(unjudged)) console.error(`not judged yet: ${line}`);
if (unjudged.length > 0) process.exitCode = 1;
