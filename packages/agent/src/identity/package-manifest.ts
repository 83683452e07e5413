import { dirname, join } from 'node:path';
import type { ReadText } from './read-text.ts';

/** What a package.json says about the program that it belongs to. */
export interface PackageManifest {
  name: string;
  version: string | null;
  /** Absolute path of the folder that holds it. */
  directory: string;
}

const maxAncestors = 32;
const maxLength = 214;

/**
 * The nearest package.json above `directory` that has a name (those that only say `"type"` are passed by); undefined
 * where there is none. A program within `node_modules` is not its own service: the search goes on above it.
 */
export function nearestManifest(directory: string, read: ReadText): PackageManifest | undefined {
  let place = aboveNodeModules(directory);
  for (let i = 0; i < maxAncestors; i++) {
    const manifest = named(read(join(place, 'package.json')), place);
    if (manifest !== undefined) return manifest;
    const parent = dirname(place);
    if (parent === place) return undefined;
    place = parent;
  }
  return undefined;
}

function aboveNodeModules(directory: string): string {
  const at = directory.search(/[/\\]node_modules(?:[/\\]|$)/);
  return at > 0 ? directory.slice(0, at) : directory;
}

function named(text: string | null, directory: string): PackageManifest | undefined {
  if (text === null) return undefined;
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    if (typeof name !== 'string' || name === '') return undefined;
    const told = typeof version === 'string' && version !== '' ? version.slice(0, maxLength) : null;
    return { name: name.slice(0, maxLength), version: told, directory };
  } catch {
    return undefined;
  }
}
