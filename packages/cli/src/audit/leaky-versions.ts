/**
 * The published list of versions known to leak: what leaks, in which versions, which version mended it, and where that
 * is written. It stands in a file of its own (`data/leaky-versions.json`) and is read by nothing but the audit: what
 * Ebb detects, it detects without knowing names.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { validRange, valid } from 'semver';

/** One leak of one package. */
export interface LeakyVersions {
  readonly id: string;
  /** The npm package; `node` is Node.js itself. */
  readonly package: string;
  /** A semver range. */
  readonly affected: string;
  /** The first version of each line that has the mend. */
  readonly mended: readonly string[];
  /**
   * Where the lower end of the range comes from: a source states it; the history of the code shows it; or nobody
   * wrote it down, and the range begins with the major version that was mended.
   */
  readonly from: 'stated' | 'history' | 'major';
  /** What leaks, in one sentence. */
  readonly leaks: string;
  /** Issues, changes and changelogs, as https addresses. */
  readonly sources: readonly string[];
}

/** A line of Node.js releases, and the day its support ends. */
export interface NodeLine {
  /** `22`, or `0.12`. */
  readonly line: string;
  /** `2027-04-30` */
  readonly endOfLife: string;
}

/** The list (`ebb.leaky-versions/1`). */
export interface LeakyVersionList {
  readonly format: 'ebb.leaky-versions/1';
  /** The day it was last changed. */
  readonly updated: string;
  readonly node: { readonly source: string; readonly lines: readonly NodeLine[] };
  readonly leaks: readonly LeakyVersions[];
}

const day = z.iso.date();
const address = z.url({ protocol: /^https$/u });
const version = z.string().refine((text) => valid(text) === text, 'It is a version like 1.2.3.');
const leak: z.ZodType<LeakyVersions> = z.strictObject({
  id: z.string().regex(/^[a-z\d][a-z\d.-]*$/u),
  package: z.string().regex(/^(?:@[a-z\d][a-z\d._-]*\/)?[a-z\d][a-z\d._-]*$/u),
  affected: z.string().refine((text) => text !== '' && validRange(text) !== null, 'It is a semver range.'),
  mended: z.array(version).min(1),
  from: z.enum(['stated', 'history', 'major']),
  leaks: z.string().regex(/^.{12,200}\.$/u, 'It is one sentence.'),
  sources: z.array(address).min(1),
});
const list: z.ZodType<LeakyVersionList> = z.strictObject({
  format: z.literal('ebb.leaky-versions/1'),
  updated: day,
  node: z.strictObject({
    source: address,
    lines: z.array(z.strictObject({ line: z.string().regex(/^\d+(?:\.\d+)?$/u), endOfLife: day })).min(1),
  }),
  leaks: z.array(leak).min(1),
});

/** The list that this version of Ebb brings along. */
export function readLeakyVersions(): LeakyVersionList {
  const file = new URL('../../data/leaky-versions.json', import.meta.url);
  return list.parse(JSON.parse(readFileSync(file, 'utf8')));
}
