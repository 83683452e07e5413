import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** The folders that files belong to: the repository, and the package whose package.json is nearest. Looked up once each. */
export class Project {
  readonly #cwd: string;
  readonly #rootOf = new Map<string, string | null>();

  /** `cwd` stands for the repository where there is none. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** The path relative to the repository, for files that are in it and in no installed package. */
  repoPath(file: string): string | undefined {
    if (packageOf(file) !== undefined || !file.startsWith(sep)) return undefined;
    const path = relative(this.#above(file, '.git') ?? this.#cwd, file);
    return path === '' || path.startsWith('..') ? undefined : path.split(sep).join('/');
  }

  /**
   * What is the same for a file wherever it is checked out or deployed: the installed package's name, or the name of the
   * package that it is part of with the path inside; a repository's own root is not known in a container.
   */
  unit(file: string): string {
    const installed = packageOf(file);
    if (installed) return installed.name;
    if (!file.startsWith(sep)) return file;
    const root = this.#above(file, 'package.json') ?? this.#above(file, '.git') ?? this.#cwd;
    const path = relative(root, file);
    return `${packageName(root)}:${path.startsWith('..') ? (file.split(sep).at(-1) ?? file) : path.split(sep).join('/')}`;
  }

  /** The nearest folder at or above a file's that has an entry of this name. */
  #above(file: string, entry: string): string | null {
    const visited: string[] = [];
    let folder = dirname(file);
    let found: string | null = null;
    for (;;) {
      const key = `${entry}\n${folder}`;
      const known = this.#rootOf.get(key);
      if (known !== undefined) {
        found = known;
        break;
      }
      visited.push(key);
      if (existsSync(join(folder, entry))) {
        found = folder;
        break;
      }
      const parent = dirname(folder);
      if (parent === folder) break;
      folder = parent;
    }
    for (const key of visited) this.#rootOf.set(key, found);
    return found;
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

/** The installed package that a file belongs to, by the innermost node_modules of its path. */
export function packageOf(file: string): { name: string; root: string } | undefined {
  const at = file.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const rest = file.slice(at + '/node_modules/'.length).split('/');
  const name = rest[0].startsWith('@') ? `${rest[0]}/${rest[1] ?? ''}` : rest[0];
  return { name, root: `${file.slice(0, at)}/node_modules/${name}` };
}
