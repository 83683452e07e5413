/** pnpm's `pnpm-lock.yaml`, of versions 5 to 9. https://github.com/pnpm/spec/tree/master/lockfile */
import { parse } from 'yaml';
import { z } from 'zod';
import type { LockedPackage } from './locked-package.ts';

const shape = z.object({
  lockfileVersion: z.union([z.number(), z.string()]),
  packages: z
    .record(
      z.string(),
      z.object({ name: z.string().optional(), version: z.string().optional(), dev: z.boolean().optional() }),
    )
    .nullish(),
});

/** The packages of a `pnpm-lock.yaml`. @throws {Error} when it is none, or of a version that is not known */
export function readPnpmLock(text: string): LockedPackage[] {
  const { lockfileVersion, packages } = shape.parse(parse(text, { maxAliasCount: 0 }));
  const major = Math.trunc(Number(lockfileVersion));
  if (![5, 6, 7, 9].includes(major)) {
    throw new Error(`its lockfileVersion is ${JSON.stringify(lockfileVersion)}; known are 5, 6, 7 and 9`);
  }
  return Object.entries(packages ?? {}).flatMap(([place, entry]) => {
    const key = major === 5 ? /^\/(.+)\/([^/_]+)(?:_.*)?$/u.exec(place) : /^\/?(@?[^@(]+)@([^@(]+)/u.exec(place);
    const name = entry.name ?? key?.[1];
    const version = entry.version ?? key?.[2];
    if (name === undefined || version === undefined) return [];
    return [{ name, version, place, isDev: entry.dev ?? null }];
  });
}
