/**
 * One leak, one fingerprint: the same as in a heap snapshot and in production. The definition stands here a second time
 * (the first is `packages/heap/src/finding/fingerprint.ts` and `naming/project.ts`): a linter plugin brings no analyser
 * along, and layers forbid it. A test of `@ebb/cli` holds both against each other on real leaks.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** What makes a leak the same leak. */
export interface LeakIdentity {
  /** The installed package, or the package and the file in it, as `unitOf` tells. */
  readonly unit: string;
  /** The class or function that declares the holder, or 'module'. */
  readonly scope: string;
  /** The holder's name, or the event. */
  readonly symbol: string;
  /** A kind of `ebb.findings/1`. */
  readonly kind: 'collection' | 'listener' | 'timer' | 'closure' | 'promise' | 'module' | 'other';
}

/** What holds timers is a list of Node.js, the same for all of them: timers of one file are one leak. */
export const OF_TIMERS: Omit<LeakIdentity, 'unit'> = { scope: 'module', symbol: 'timerListMap', kind: 'timer' };

/** Twelve hexadecimal digits; never made of an absolute path, a line number or a version. */
export function fingerprintOf({ unit, scope, symbol, kind }: LeakIdentity): string {
  return createHash('sha256').update([unit, scope, symbol, kind].join('\n')).digest('hex').slice(0, 12);
}

/**
 * What is the same for a file wherever it is checked out: the installed package's name, or the name of the package that
 * it is part of with the path inside. `cwd` stands for the repository where there is none. Reads the disk; asked for
 * findings only, so nothing is kept.
 */
export function unitOf(file: string, cwd: string): string {
  const at = file.lastIndexOf('/node_modules/');
  if (at >= 0) {
    const [first = '', second = ''] = file.slice(at + '/node_modules/'.length).split('/');
    return first.startsWith('@') ? `${first}/${second}` : first;
  }
  if (!file.startsWith(sep)) return file;
  const root = above(file, 'package.json') ?? above(file, '.git') ?? cwd;
  const path = relative(root, file);
  return `${packageName(root)}:${path.startsWith('..') ? (file.split(sep).at(-1) ?? file) : path.split(sep).join('/')}`;
}

function above(file: string, entry: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, entry))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function packageName(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

const AT_END = /\(leak ([0-9a-f]{12})\)$/u;

/** The fingerprint at the end of a message of this plugin; for formatters, which get nothing of a finding but its text. */
export function fingerprintIn(message: string): string | undefined {
  return AT_END.exec(message)?.[1];
}
