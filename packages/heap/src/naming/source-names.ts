/** From a source's name in a source map to a path: what bundlers write there is seldom a path as it stands. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a map and its script are, and where the reader works. */
export interface SourceContext {
  map: string;
  script: string;
  cwd: string;
}

/**
 * The path of a source. Relative names are relative to the map, or to the script where the map is kept apart from it.
 * URLs of bundlers (`webpack://shop/./src/cart.ts`, `turbopack:///[project]/src/cart.ts`, a dev server's) and paths from
 * a server's root name a file below a folder that is not said: the nearest one at or above the script, or the working
 * directory, that has the file. Queries (`cart.vue?type=script`) are not part of it.
 */
export function sourcePath(source: string, { map, script, cwd }: SourceContext): string {
  const name = source.replace(/\?.*$/s, '');
  if (name.startsWith('file:')) {
    try {
      return fileURLToPath(name);
    } catch {
      return name;
    }
  }
  const url = /^[a-z][a-z\d+.-]*:\/\/(?:[^/]*)\/(.*)$/is.exec(name);
  if (url) return belowProject(url[1].replace(/^\[project\]\//, ''), script, cwd);
  if (/^[a-z][a-z\d+.-]{2,}:/i.test(name)) return name; // webpack:external, node:fs: nothing that a path leads to
  if (isAbsolute(name)) return existsSync(name) || dirname(name) === '/' ? name : fromServerRoot(name, script, cwd);
  const beside = [dirname(map), dirname(script)].map((folder) => resolve(folder, name));
  return beside.find((path) => existsSync(path)) ?? inCwd(name, cwd) ?? beside[1];
}

/** `/src/cart.ts` may be a path on the machine that built, or a development server's. */
function fromServerRoot(name: string, script: string, cwd: string): string {
  const path = belowProject(name.slice(1), script, cwd);
  return existsSync(path) ? path : name;
}

function belowProject(name: string, script: string, cwd: string): string {
  const inside = normalize(name).replace(/^(?:\.\.?[/\\])+/, '');
  for (let folder = dirname(script); isAbsolute(folder); folder = dirname(folder)) {
    const path = join(folder, inside);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) break;
  }
  return resolve(cwd, inside);
}

/** A build's `../src/cart.ts` where the reader works, when the script is not on this machine. */
function inCwd(name: string, cwd: string): string | undefined {
  const path = join(cwd, normalize(name).replace(/^(?:\.\.?[/\\])+/, ''));
  return existsSync(path) ? path : undefined;
}
