/** `yarn.lock`: of Yarn 1, in a format of its own, and of Yarn 2 and later ("berry"), in YAML. */
import { parse } from 'yaml';
import { z } from 'zod';
import type { LockedPackage } from './locked-package.ts';

/** The packages of a `yarn.lock`. @throws {Error} when it is none, or of a version that is not known */
export function readYarnLock(text: string): LockedPackage[] {
  if (/^# yarn lockfile v1$/mu.test(text)) return readClassic(text);
  if (/^__metadata:/mu.test(text)) return readBerry(text);
  throw new Error("it has neither Yarn 1's first lines nor the __metadata of later versions");
}

/** An entry is a line of patterns at the margin that ends in a colon, and indented fields below it. */
function readClassic(text: string): LockedPackage[] {
  const found: LockedPackage[] = [];
  let patterns: string | undefined;
  for (const line of text.split(/\r?\n/u)) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      if (!line.endsWith(':')) throw new Error(`it has a line that is no entry: ${JSON.stringify(line.slice(0, 60))}`);
      patterns = line.slice(0, -1);
      continue;
    }
    const version = /^ {2}version "?([^"]+)"?$/u.exec(line)?.[1];
    if (version === undefined || patterns === undefined) continue;
    const name = nameOf(patterns);
    if (name !== undefined) found.push({ name, version, place: patterns, isDev: null });
  }
  return found;
}

/** `"a@^1.0.0", a@^1.2.0` is a; `b@npm:a@^1.0.0` is a, too. */
function nameOf(patterns: string): string | undefined {
  const first = patterns.split(',')[0].replaceAll('"', '').trim();
  return /@npm:(@?[^@]+)@/u.exec(first)?.[1] ?? /^(@?[^@]+)@/u.exec(first)?.[1];
}

const berry = z.record(z.string(), z.object({ version: z.unknown(), resolution: z.string().optional() }));

function readBerry(text: string): LockedPackage[] {
  const lock = berry.parse(parse(text, { maxAliasCount: 0 }));
  return Object.entries(lock).flatMap(([place, { version, resolution }]) => {
    const name = /^(@?[^@]+)@npm:/u.exec(resolution ?? '')?.[1]; // none: __metadata, too
    // What has no `npm:` comes from elsewhere, or stands in this repository.
    return name === undefined ? [] : [{ name, version: String(version), place, isDev: null }];
  });
}
