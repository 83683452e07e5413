/**
 * What a heap holds, whether or not it leaks: the shapes of `contents` in `ebb.findings/1`. Others rely on them: fields
 * are added, never renamed. No string's contents stand in any of them. Every list is bounded, the heaviest first.
 */
import type { Location, Place } from '../finding/place.ts';

/** Everything that people look for in a snapshot. */
export interface HeapContents {
  /** Objects and bytes of the whole heap, by the kinds that DevTools tells apart. */
  totals: { objects: number; bytes: number; byKind: { kind: string; objects: number; bytes: number }[] };
  classes: ClassRow[];
  /** What stands in no row of `classes`. */
  otherClasses: { classes: number; objects: number; shallowBytes: number };
  duplicatedStrings: { wastedBytes: number; groups: DuplicatedString[]; references: DuplicatingReference[] };
  buffers: { bytes: number; largest: LargeBuffer[]; slabs: BufferSlabs[] };
  overAllocated: { wastedBytes: number; collections: OverAllocated[] };
  keptContexts: KeptContext[];
  /** Global objects of `vm` contexts beside the program's own, and what keeps them. */
  extraGlobals: ExtraGlobal[];
  treemap: TreemapNode;
}

/** All objects of one class. */
export interface ClassRow {
  type: string;
  objects: number;
  shallowBytes: number;
  /** What goes when all of them go: retained bytes of those that none of the same class dominates. */
  retainedBytes: number;
  /** Where most of them are made: the constructor's or function's line. */
  location: Location | null;
  /** The id of the one that retains most, for queries. */
  nodeId: number;
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
  /** False where the snapshot cuts the text off: the same size and the same beginning, the rest isn't known. */
  certain: boolean;
}

/** A reference that holds copies of strings, whatever their texts: where to keep one of each. */
export interface DuplicatingReference {
  /** `Session.cart[].title`. */
  reference: string;
  copies: number;
  /** How many different ones. */
  texts: number;
  /** Its part of all that copies waste. */
  wastedBytes: number;
}

/** A large piece of memory outside the objects: a Buffer, ArrayBuffer, typed array or external string. */
export interface LargeBuffer {
  type: string;
  bytes: number;
  nodeId: number;
  /** From the reader's own code to it, told short. */
  path: Place[];
  /** How many like it the same reference holds, where there are several; `bytes` is theirs together. */
  buffers: number;
}

/** Slabs that small Buffers are cut from, each kept whole by few of them. */
export interface BufferSlabs {
  slabs: number;
  bytes: number;
  /** Small Buffers that keep them. */
  views: number;
  /** At least so many of `bytes` are in no Buffer: a pooled Buffer is at most half a slab. */
  wastedBytes: number;
  nodeId: number;
  path: Place[];
}

/** A collection whose store is much larger than what stands in it. */
export interface OverAllocated {
  type: string;
  name: string;
  /** Why: room for more than was ever put in, entries that were deleted, indexes with gaps, or a table of properties. */
  cause: 'capacity' | 'deleted' | 'gaps' | 'properties';
  slots: number;
  used: number;
  wastedBytes: number;
  nodeId: number;
  location: Location | null;
  /** From the reader's own code to it, told short. */
  path: Place[];
  /** How many like it the same reference holds, where there are several; the figures are theirs together. */
  collections: number;
}

/** A function's scope that only a small closure keeps, with all that stands in it. */
export interface KeptContext {
  retainedBytes: number;
  /** The closures that keep it. */
  closures: { name: string; location: Location | null }[];
  /** The scope's variables, the heaviest first, and what each retains: 0 where something else holds it as well. */
  variables: { name: string; type: string; retainedBytes: number }[];
  nodeId: number;
  /** From the reader's own code to the closure, told short. */
  path: Place[];
  /** How many scopes of the same function there are; the figures are theirs together. */
  contexts: number;
}

/** A global object of `vm`. */
export interface ExtraGlobal {
  retainedBytes: number;
  nodeId: number;
  path: Place[];
}

/** Retained memory as nested areas: the dominator tree, its thin branches pruned and objects of one class joined. */
export interface TreemapNode {
  name: string;
  type: string;
  /** How many objects this area stands for. */
  objects: number;
  retainedBytes: number;
  location: Location | null;
  /** The id of the object, where the area is one, or the links of a chain: then of the first. */
  nodeId?: number;
  /** The heaviest parts; what is missing to `retainedBytes` is the object itself and its small parts. */
  children: TreemapNode[];
}
