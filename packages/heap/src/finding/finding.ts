/** The JSON shapes of `ebb.findings/1`; other programs rely on them, see the contracts. Fields are added, never renamed. */
import type { HeapContents } from '../contents/contents.ts';
import type { Location, Place } from './place.ts';

export type { Location, Place } from './place.ts';

/** A stack frame of an allocation. */
export interface Frame {
  function: string;
  file: string;
  line: number;
  column: number;
}

/** What sort of thing holds the memory. */
export type FindingKind =
  'collection' | 'listener' | 'timer' | 'closure' | 'promise' | 'buffer' | 'string' | 'module' | 'other';

/**
 * What holds a `bounded` finding back. `slots` and `declared` are bounds that the heap itself shows; `slowing` is growth
 * that slows down, which may go on: whoever acts on a bound must not take it for one.
 */
export type FindingBound =
  | { kind: 'slots' }
  | { kind: 'declared'; name: string; limit: number }
  /** The last step's growth over the first's, by unit of work: 0 to 1. */
  | { kind: 'slowing'; lastOverFirst: number };

/** One leak, or what may be one. */
export interface Finding {
  /** One leak, one fingerprint, on every run and machine; empty where names that it is made of are lost with the file's end. */
  fingerprint: string;
  verdict: 'leak' | 'suspect' | 'bounded';
  /** With the verdict `bounded`: what holds it back. */
  bound?: FindingBound;
  /** One plain sentence. */
  title: string;
  kind: FindingKind;
  /** The holder in a person's words. */
  subject: string;
  /** What the listeners wait for, where they are listeners and the heap shows it. */
  event?: string;
  /** In the last snapshot. */
  retainedBytes: number;
  /** Over the series; absent for one snapshot. */
  growthBytes?: number;
  growthCount?: number;
  /** Growth in each step between two snapshots; absent for one snapshot. */
  steps?: { bytes: number; count: number }[];
  /** What to bound, clear or unregister. */
  holder: Place;
  /** The line that adds to it. */
  insertedAt: Location | null;
  /** Lines that take out of it, where the holder's source has any; null where the source was not found. */
  removedAt: Location[] | null;
  /** From the GC root to an object that piled up, told short. */
  path: Place[];
  allocatedAt: Frame[] | null;
  /** How many holders like this one there are, where there are several; the figures are theirs together. */
  holders?: number;
  /** What piles up; of values that are no objects (`value`, or a text or buffer that gets longer) the count is 0. */
  sample: { type: string; count: number };
  /** The installed package whose code holds the memory, `name@version`, and the reader's own code that leads there. */
  package?: string;
  reachedFrom?: Location;
  /** Why this verdict, in words. */
  reason: string;
}

/** What `ebb analyze --json` prints. */
export interface FindingsReport {
  format: 'ebb.findings/1';
  verdict: 'leak' | 'suspect' | 'bounded' | 'clean';
  findings: Finding[];
  snapshots: {
    file: string;
    /** Of the file as it is, compressed or not; what came through, of a pipe. */
    fileBytes: number;
    objects: number;
    heapBytes: number;
    /** What a cut-off file had lost, in words; absent where it is whole. */
    lost?: string[];
  }[];
  /** What the last snapshot holds, whether or not it leaks, where that was asked for. */
  contents?: HeapContents;
}

/** The gravest of several verdicts. */
export function gravest(findings: Finding[]): FindingsReport['verdict'] {
  for (const verdict of ['leak', 'suspect', 'bounded'] as const)
    if (findings.some((finding) => finding.verdict === verdict)) return verdict;
  return 'clean';
}
