// The cases of the corpus as the benches of memory tests run them, and answers that are kept while a bench runs.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));

/** One version of a case: the one that leaks, or the mended one. Healthy cases have the second only. */
export interface Subject {
  readonly id: string;
  readonly version: 'leaky' | 'fixed';
  readonly warmUp: number;
  readonly iterations: number;
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where score.mjs of the corpus has installed it, under a name that tells nothing. */
  readonly folder: string;
}

interface CaseFile {
  healthy?: boolean;
  app?: boolean;
  warmup?: number;
  iterations: number;
  nodeArgs?: string[];
  env?: Record<string, string>;
}

/** All subjects, or those of some cases, or of a sample that is the same for everybody. */
export function readSubjects(cases: string, { only, sample }: { only?: string; sample?: string }): Subject[] {
  const hash = (text: string): string => createHash('sha1').update(text).digest('hex');
  const wanted = only?.split(',');
  let ids = readdirSync(cases).filter(
    (id) => existsSync(join(cases, id, 'case.json')) && wanted?.includes(id) !== false,
  );
  if (sample !== undefined) ids = ids.sort((a, b) => (hash(a) < hash(b) ? -1 : 1)).slice(0, Number(sample));
  return ids.sort().flatMap((id) => {
    const about = JSON.parse(readFileSync(join(cases, id, 'case.json'), 'utf8')) as CaseFile;
    const versions = about.healthy === true ? (['fixed'] as const) : (['leaky', 'fixed'] as const);
    return versions.map((version) => ({
      id,
      version,
      warmUp: about.warmup ?? 400,
      iterations: about.iterations,
      nodeArgs: about.nodeArgs ?? [],
      env: { ...(about.app === true ? { RELEASE: version } : {}), ...about.env },
      folder: join(tmpdir(), 'ebb-corpus', hash(`${id} ${version}`).slice(0, 12)),
    }));
  });
}

/** Answers in a file that is written with each of them, so that a bench that was ended can go on. */
export class KeptAnswers<T> {
  readonly all: Record<string, T>;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, T>) : {};
  }

  keep(key: string, answer: T): void {
    this.all[key] = answer;
    mkdirSync(dirname(this.#file), { recursive: true });
    const sorted = Object.fromEntries(Object.entries(this.all).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(this.#file, `${JSON.stringify(sorted, null, 2)}\n`);
  }
}

/** Asks about each, so many at once. */
export async function askEach<T>(all: readonly T[], jobs: number, ask: (one: T) => Promise<void>): Promise<void> {
  const open = [...all];
  const work = async (): Promise<void> => {
    for (let one = open.shift(); one !== undefined; one = open.shift()) await ask(one);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

/** What every table begins with. */
export function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here, encoding: 'utf8' }).trim();
  return `Node ${process.version}, ${cpus().length} × ${cpus()[0].model}, load ${loadavg()[1].toFixed(0)} at the end (a shared machine), ${commit}.`;
}
