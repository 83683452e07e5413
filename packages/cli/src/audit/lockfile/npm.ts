/** npm's `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3. https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
import { z } from 'zod';
import type { LockedPackage } from './locked-package.ts';

interface OldEntry {
  readonly version?: string | undefined;
  readonly dev?: boolean | undefined;
  readonly dependencies?: Readonly<Record<string, OldEntry>> | undefined;
}

const oldEntry: z.ZodType<OldEntry> = z.object({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  dependencies: z
    .record(
      z.string(),
      z.lazy(() => oldEntry),
    )
    .optional(),
});

const newEntry = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  dev: z.boolean().optional(),
  link: z.boolean().optional(),
});

const shape = z.union([
  z.object({ lockfileVersion: z.literal([2, 3]), packages: z.record(z.string(), newEntry) }),
  z.object({ lockfileVersion: z.literal(1), dependencies: z.record(z.string(), oldEntry).optional() }),
]);

/** The packages of an npm lock file. @throws {Error} when it is none, or of a version that is not known */
export function readNpmLock(text: string): LockedPackage[] {
  const document: unknown = JSON.parse(text);
  const { lockfileVersion } = z.object({ lockfileVersion: z.unknown().optional() }).parse(document);
  if (![1, 2, 3].includes(lockfileVersion as number)) {
    throw new Error(`its lockfileVersion is ${JSON.stringify(lockfileVersion)}; known are 1, 2 and 3`);
  }
  const lock = shape.parse(document);
  return 'packages' in lock ? packagesOf(lock.packages) : [...nested(lock.dependencies ?? {}, '')];
}

function packagesOf(packages: Readonly<Record<string, z.infer<typeof newEntry>>>): LockedPackage[] {
  return Object.entries(packages).flatMap(([place, { name, version, dev, link }]) => {
    const at = place.lastIndexOf('node_modules/');
    // Not in node_modules: the project itself and its workspaces. A link leads to one.
    if (at === -1 || link === true || version === undefined) return [];
    return [
      {
        name: name ?? place.slice(at + 'node_modules/'.length),
        version,
        place,
        isDev: dev === true,
      },
    ];
  });
}

function* nested(entries: Readonly<Record<string, OldEntry>>, above: string): Generator<LockedPackage> {
  for (const [key, { version = '', dev = false, dependencies = {} }] of Object.entries(entries)) {
    const place = `${above}node_modules/${key}`;
    const alias = /^npm:(.+)@([^@]+)$/u.exec(version);
    yield { name: alias?.[1] ?? key, version: alias?.[2] ?? version, place, isDev: dev };
    yield* nested(dependencies, `${place}/`);
  }
}
