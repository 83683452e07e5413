/** The folders that everything stays in: no file outside of them is read, whatever a client or a snapshot names. */
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CliError } from '../errors/cli-error.ts';

/** A snapshot file below the root. */
export interface FoundSnapshot {
  /** Relative to the first root where it is below that. */
  file: string;
  fileBytes: number;
  writtenAt: Date;
}

const DEEPEST = 5;
const MOST_FOLDERS = 2000;
const SNAPSHOT_NAME = /\.heapsnapshot(\.gz|\.zst|\.br)?$/u;

/** A folder, or several, links resolved. */
export class Root {
  /** The first one: what paths are relative to. */
  readonly folder: string;
  readonly #folders: string[];

  /** Throws EBB_CLI_ROOT where there is no such folder. */
  constructor(folder: string, ...more: string[]) {
    this.folder = realFolder(folder);
    this.#folders = [this.folder, ...more.map(realFolder)];
  }

  /** The real path of a file, given relative to the first root or absolute; throws EBB_CLI_OUTSIDE_ROOT. */
  resolve(path: string): string {
    const outside = (): CliError =>
      new CliError(
        'EBB_CLI_OUTSIDE_ROOT',
        `'${path}' is not below ${this.#folders.map((folder) => `'${folder}'`).join(' or ')}`,
      );
    if (path.includes('\0')) throw outside();
    const named = resolve(this.folder, path);
    const real = realPathOf(named);
    if (!this.#holds(real)) throw outside();
    return real;
  }

  /** Whether a path that stands in a snapshot is of a file below the root, links resolved. */
  has(path: string): boolean {
    return isAbsolute(path) && !path.includes('\0') && this.#holds(realPathOf(path));
  }

  /** A path as answers tell it: relative to the root where it is below it. */
  shown(path: string): string {
    if (!isAbsolute(path)) return path;
    const short = relative(this.folder, path);
    return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
  }

  /** Snapshots below the root, the oldest first; hidden folders and node_modules are passed over. */
  snapshots(): FoundSnapshot[] {
    const found: FoundSnapshot[] = [];
    const folders = this.#folders.map((path) => ({ path, depth: 0 }));
    const seen = new Set<string>();
    for (const { path, depth } of folders) {
      if (seen.has(path)) continue;
      seen.add(path);
      for (const entry of entriesOf(path)) {
        const at = join(path, entry.name);
        if (entry.isDirectory() && depth < DEEPEST && folders.length < MOST_FOLDERS) {
          if (!entry.name.startsWith('.') && entry.name !== 'node_modules')
            folders.push({ path: at, depth: depth + 1 });
        } else if (entry.isFile() && SNAPSHOT_NAME.test(entry.name)) {
          const { size, mtime } = lstatSync(at);
          found.push({ file: this.shown(at), fileBytes: size, writtenAt: mtime });
        }
      }
    }
    return found.sort((a, b) => a.writtenAt.getTime() - b.writtenAt.getTime());
  }

  #holds(real: string): boolean {
    return this.#folders.some((folder) => real.startsWith(folder.endsWith(sep) ? folder : folder + sep));
  }
}

function realFolder(folder: string): string {
  try {
    const real = realpathSync(folder);
    if (!statSync(real).isDirectory()) throw new Error('it is no folder');
    return real;
  } catch (cause) {
    throw new CliError('EBB_CLI_ROOT', `the folder '${folder}' cannot be used: ${(cause as Error).message}`, { cause });
  }
}

function entriesOf(folder: string): { name: string; isDirectory: () => boolean; isFile: () => boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // A folder that may not be read has nothing to offer.
  }
}

/** Links resolved, as far as the path exists. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realPathOf(above), basename(path));
  }
}
