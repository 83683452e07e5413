/**
 * What a heap holds, whether or not it leaks: the shapes of `contents` in `ebb.findings/1`. Others rely on them: fields
 * are added, never renamed. No string's contents stand in any of them. Every list is bounded, the heaviest first.
 */
import type { Location, Place } from '../finding/finding.ts';

/** Everything that people look for in a snapshot. */
export interface HeapContents {
  /** Objects and bytes of the whole heap, by the kinds that DevTools tells apart. */
  totals: { objects: number; bytes: number; byKind: { kind: string; objects: number; bytes: number }[] };
  classes: ClassRow[];
  duplicatedStrings: { wastedBytes: number; groups: DuplicatedString[] };
  buffers: { bytes: number; largest: LargeBuffer[] };
  overAllocated: { wastedBytes: number; collections: OverAllocated[] };
  keptContexts: KeptContext[];
  treemap: TreemapNode;
}

/** All objects of one class. */
export interface ClassRow {
  type: string;
  objects: number;
  shallowBytes: number;
  /** What goes when all of them go: retained bytes of those that none of the same class dominates. */
  retainedBytes: number;
  location: Location | null;
}

/** A string that stands in the heap several times; told by its length and its holders, never by its text. */
export interface DuplicatedString {
  copies: number;
  bytesEach: number;
  wastedBytes: number;
  /** The references by which most copies are held: `Session.role`. */
  heldBy: { reference: string; copies: number }[];
  /** The id of one copy, for queries. */
  nodeId: number;
}

/** A large piece of memory outside the objects: a Buffer, ArrayBuffer, typed array or external string. */
export interface LargeBuffer {
  type: string;
  bytes: number;
  nodeId: number;
  /** From the reader's own code to it, told short. */
  path: Place[];
}

/** A collection whose store is much larger than what stands in it. */
export interface OverAllocated {
  type: string;
  name: string;
  slots: number;
  used: number;
  wastedBytes: number;
  nodeId: number;
  location: Location | null;
}

/** A function's scope that only a small closure keeps, with all that stands in it. */
export interface KeptContext {
  retainedBytes: number;
  /** The closures that keep it. */
  closures: { name: string; location: Location | null }[];
  /** The scope's variables and what each retains, the heaviest first. */
  variables: { name: string; type: string; retainedBytes: number }[];
  nodeId: number;
}

/** Retained memory as nested areas: the dominator tree, its thin branches pruned and objects of one class joined. */
export interface TreemapNode {
  name: string;
  type: string;
  /** How many objects this area stands for. */
  objects: number;
  retainedBytes: number;
  location: Location | null;
  /** The heaviest parts; what is missing to `retainedBytes` is the object itself and its small parts. */
  children: TreemapNode[];
}
