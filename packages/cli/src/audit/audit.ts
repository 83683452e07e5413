/** Holds a lock file's packages, and Node.js itself, against the list of versions known to leak. */
import { compare, major, minVersion, satisfies, valid } from 'semver';
import type { LeakyVersionList, LeakyVersions } from './leaky-versions.ts';
import type { LockedPackage } from './lockfile/locked-package.ts';

/** A version in use that is known to leak. */
export interface AuditFinding extends LeakyVersions {
  /** The version in use. */
  readonly version: string;
  /** The nearest version that has the mend: of the same major where there is one. */
  readonly moveTo: string;
  /** Where it stands in the lock file; empty for the Node.js that runs. */
  readonly places: readonly string[];
  /** Whether only development needs it; null where the lock file does not say. */
  readonly isDev: boolean | null;
}

/** What is said of Node.js itself. */
export interface NodeAudit {
  /** The Node.js that ran the audit. */
  readonly version: string;
  /** The day its line's support ends, `2027-04-30`; null when the list does not know the line. */
  readonly endOfLife: string | null;
  readonly isOver: boolean;
  /** `engines.node` of package.json. */
  readonly engines: string | null;
  /** The oldest line that `engines` allows, when its support is over: `18`. */
  readonly enginesAllowEnded: string | null;
}

/** What came out (`ebb.audit/1`). */
export interface Audit {
  readonly format: 'ebb.audit/1';
  readonly root: string;
  /** The lock file's name. */
  readonly lockfile: string;
  /** How many packages it has, and how many of them are of no released version (from git, a folder, an archive). */
  readonly packages: number;
  readonly unjudged: number;
  readonly node: NodeAudit;
  readonly findings: readonly AuditFinding[];
  /** The list that they were held against. */
  readonly list: { readonly updated: string; readonly leaks: number };
}

/** Finds the packages in versions known to leak, the same package and version once. */
export function leakyPackages(
  packages: readonly LockedPackage[],
  leaks: readonly LeakyVersions[],
): readonly AuditFinding[] {
  const byVersion = new Map<string, LockedPackage[]>();
  for (const each of packages) {
    const key = `${each.name}@${each.version}`;
    byVersion.set(key, [...(byVersion.get(key) ?? []), each]);
  }
  return [...byVersion.values()].flatMap((same) => {
    const [{ name, version }] = same;
    const isDev = same.some((each) => each.isDev === null) ? null : same.every((each) => each.isDev === true);
    const places = same.map(({ place }) => place);
    return leaksOf(name, version, leaks).map((leak) => ({ ...leak, places, isDev }));
  });
}

/** The leaks of the Node.js in use. */
export function leaksOfNode(version: string, leaks: readonly LeakyVersions[]): readonly AuditFinding[] {
  return leaksOf('node', version, leaks).map((leak) => ({ ...leak, places: [], isDev: false }));
}

function leaksOf(name: string, version: string, leaks: readonly LeakyVersions[]) {
  if (valid(version) === null) return []; // from git, from a folder: nobody knows which release it is
  return leaks
    .filter((leak) => leak.package === name && satisfies(version, leak.affected))
    .map((leak) => ({ ...leak, version, moveTo: nearest(version, leak.mended) }));
}

function nearest(version: string, mended: readonly string[]): string {
  const later = mended.filter((each) => compare(each, version) > 0).sort(compare);
  return later.find((each) => major(each) === major(version)) ?? later[0] ?? mended[mended.length - 1];
}

/** What the list says of a version of Node.js on a day (`2026-11-21`), and of `engines.node`. */
export function auditNode(
  version: string,
  engines: string | null,
  { node }: LeakyVersionList,
  today: string,
): NodeAudit {
  const ends = new Map(node.lines.map(({ line, endOfLife }) => [line, endOfLife]));
  const endOf = (text: string): string | null => ends.get(lineOf(text)) ?? null;
  const isEnded = (end: string | null): boolean => end !== null && end < today;
  const endOfLife = endOf(version);
  const oldest = engines === null ? null : oldestOf(engines);
  const enginesAllowEnded = oldest !== null && isEnded(endOf(oldest)) ? lineOf(oldest) : null;
  return { version, endOfLife, isOver: isEnded(endOfLife), engines, enginesAllowEnded };
}

/** `22.13.1` is of line 22, `0.12.18` of 0.12. */
function lineOf(version: string): string {
  const [first, second] = version.split('.');
  return first === '0' ? `0.${second}` : first;
}

function oldestOf(range: string): string | null {
  try {
    return minVersion(range)?.version ?? null;
  } catch {
    return null; // no range: npm does not mind, either
  }
}
