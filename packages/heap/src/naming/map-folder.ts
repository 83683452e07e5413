/** Source maps that were kept apart from the scripts that run, in one folder: a build's artefacts. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { HeapError } from '../errors/heap-error.ts';
import { packageOf } from './project.ts';
import { readText } from './read-text.ts';

const MOST_ENTRIES = 200_000;
const LARGEST_MAP_BYTES = 256 << 20;

/** A folder of source maps, listed once; maps are looked for by name. */
export class MapFolder {
  readonly #maps: string[];
  /** From a map's own `file` field to the maps that say so; made when names don't help. */
  #byFileField: Map<string, string[]> | undefined;

  /** Throws EBB_HEAP_SOURCE_MAPS_UNREADABLE where there is no such folder, or no map in it. O(entries). */
  constructor(folder: string) {
    this.#maps = listMaps(folder);
    if (this.#maps.length === 0) {
      throw new HeapError(
        'EBB_HEAP_SOURCE_MAPS_UNREADABLE',
        `${folder} holds no source maps: no file in it ends in .map. Name the folder that the build wrote them to.`,
      );
    }
  }

  /**
   * The map of a script: by the script's own name with `.map`, by the name that its `sourceMappingURL` says, or by the
   * `file` that a map says it is of. Where several have the name, the one whose folders are most like the script's;
   * undefined where that does not decide. An installed package's script is only matched with its folder.
   */
  find(script: string, url: string | undefined): string | undefined {
    const name = basename(script.replace(/[?#].*$/, ''));
    const urlName = url === undefined || url.startsWith('data:') ? undefined : basename(url.replace(/[?#].*$/, ''));
    const named = this.#maps.filter((map) => basename(map) === `${name}.map` || basename(map) === urlName);
    const found = named.length > 0 ? named : (this.#fileFields().get(name) ?? []);
    const least = packageOf(script) ? 1 : 0;
    const alike = found.map((map) => ({ map, folders: commonFolders(script, map) })).filter((m) => m.folders >= least);
    const most = Math.max(...alike.map(({ folders }) => folders));
    const best = alike.filter(({ folders }) => folders === most);
    return best.length === 1 ? best[0].map : undefined;
  }

  #fileFields(): Map<string, string[]> {
    if (this.#byFileField) return this.#byFileField;
    const byFile = new Map<string, string[]>();
    for (const map of this.#maps) {
      const file = fileField(map);
      if (file === undefined) continue;
      const same = byFile.get(basename(file));
      if (same) same.push(map);
      else byFile.set(basename(file), [map]);
    }
    this.#byFileField = byFile;
    return byFile;
  }
}

function listMaps(folder: string): string[] {
  const unreadable = (cause: unknown): HeapError =>
    new HeapError(
      'EBB_HEAP_SOURCE_MAPS_UNREADABLE',
      `${folder} can't be read as a folder of source maps: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  try {
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder.');
  } catch (cause) {
    throw unreadable(cause);
  }
  const maps: string[] = [];
  const folders = [folder];
  let entries = 0;
  for (const at of folders) {
    let listed;
    try {
      listed = readdirSync(at, { withFileTypes: true });
    } catch (cause) {
      if (at === folder) throw unreadable(cause);
      continue;
    }
    for (const entry of listed) {
      if (++entries > MOST_ENTRIES) return maps.sort();
      if (entry.isDirectory() && entry.name !== '.git') folders.push(join(at, entry.name));
      else if (entry.name.endsWith('.map')) maps.push(join(at, entry.name));
    }
  }
  return maps.sort();
}

function fileField(map: string): string | undefined {
  try {
    const { file } = JSON.parse(readText(map, LARGEST_MAP_BYTES) ?? '') as { file?: unknown };
    return typeof file === 'string' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** How many folders above two files have the same names, from the files upwards. */
function commonFolders(one: string, other: string): number {
  const [a, b] = [one, other].map((path) =>
    path
      .replace(/[?#].*$/, '')
      .split(/[/\\]/)
      .slice(0, -1)
      .reverse(),
  );
  let common = 0;
  while (common < Math.min(a.length, b.length) && a[common] === b[common] && a[common] !== '') common++;
  return common;
}
