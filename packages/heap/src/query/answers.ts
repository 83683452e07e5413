/**
 * What queries answer. Bytes are DevTools' figures; ids are V8's, the same object's in every snapshot of one process;
 * lines and columns start at 1. No string's contents and no key that is data stands in any of them, unless the snapshot
 * was opened with `allowStrings`.
 */
import type { FindingKind, Location } from '../finding/finding.ts';

/** Part of a list, and where the next part begins. */
export interface Page<Row> {
  rows: Row[];
  /** Rows of the whole list. */
  total: number;
  /** The `offset` of the next page; null on the last one. */
  next: number | null;
}

/** An object of the heap: what it is, how large, and where its code stands. */
export interface HeapObject {
  id: number;
  /** Its class, as {@link ClassSummary.type}. */
  type: string;
  /** V8's kind of node: `object`, `closure`, `string`, `array`, `hidden`, … */
  kind: string;
  /** The variable or property that holds it on the way that {@link ObjectPath} tells; null where that has no name. */
  name: string | null;
  shallowBytes: number;
  /** What would be freed with it. */
  retainedBytes: number;
  /** References from the program's global objects; null where only V8 or Node itself reaches it. */
  distance: number | null;
  /** Of the function, or of the constructor that made it. */
  location: Location | null;
  /** A string's beginning; only where the snapshot was opened with `allowStrings`. */
  text?: string;
}

/** A reference, and the object at its other end. */
export interface Reference {
  /** The property, variable or internal field; `[key]` and `[]` where that is data. */
  name: string;
  /** V8's kind of edge: `property`, `context` (a variable), `element`, `internal`, `hidden`, `shortcut`, `weak`. */
  kind: string;
  /** Whether it keeps its target alive. */
  strong: boolean;
  object: HeapObject;
}

/** The whole heap in a few figures. */
export interface HeapSummary {
  file: string;
  fileBytes: number;
  /** What a cut-off file had lost, in words; absent where it is whole. */
  lost?: string[];
  /** The Node.js that wrote it, as its `process.version` says; null where that is not in the heap. */
  nodeVersion: string | null;
  /** Of each row of nodes in the file, in order: newer Node versions write others. */
  nodeFields: number;
  objects: number;
  references: number;
  heapBytes: number;
  classes: number;
  /** By V8's kind of node, the heaviest first. */
  kinds: { kind: string; objects: number; shallowBytes: number }[];
}

/** All objects of one class. */
export interface ClassSummary {
  type: string;
  objects: number;
  shallowBytes: number;
  /** What would be freed with all of them, as DevTools adds it up: nodes without a size count for nothing. */
  retainedBytes: number;
  /** The one that retains most; among those whose code is known, where there are such. */
  largestId: number;
  /** Of the constructor or function. */
  location: Location | null;
}

/** An object with what it refers to, the heaviest first. */
export interface ObjectDetails {
  object: HeapObject;
  references: Page<Reference>;
}

/** A stop on the way to an object. */
export interface PathStop {
  id: number;
  type: string;
  /** What the program calls it: the variable or property that holds it, or its class. */
  name: string;
  /** The reference that leads to it from the stop before. */
  edge: string;
  location: Location | null;
  retainedBytes: number;
}

/** Why an object is still there, as a person would tell it: through the reader's own code, without V8's plumbing. */
export interface ObjectPath {
  object: HeapObject;
  /** What holds it, in a person's words: `sessions (Map)`. */
  subject: string;
  kind: FindingKind;
  /** From the reader's own code to the object. */
  stops: PathStop[];
  /** The line that adds to what holds it, where the source was found. */
  insertedAt: Location | null;
  /** Lines that take out of it; null where the source was not found. */
  removedAt: Location[] | null;
  /** The installed package whose code holds it, `name@version`, and the reader's own code that leads there. */
  package?: string;
  reachedFrom?: Location;
}

/** The fewest references from a root to an object, V8's own objects among them. */
export interface ShortestPath {
  /** From the root to the object; of a very long way both ends. */
  stops: PathStop[];
  /** References on the whole way. */
  length: number;
  /** Stops left out in the middle. */
  omitted: number;
}

/** What would be freed with an object. */
export interface RetainedSet {
  object: HeapObject;
  objects: number;
  bytes: number;
  classes: Page<{ type: string; objects: number; shallowBytes: number; sampleId: number }>;
}

/** Objects found by how they are held: each with the reference and its holder. */
export interface NamedObject {
  object: HeapObject;
  /** The name that matched. */
  name: string;
  /** `context` for a variable that a function closes over, `property`, … */
  kind: string;
  heldBy: { id: number; type: string };
}

/** What one piece of code made and keeps: a class's instances, a function, or its scopes. */
export interface CodeObjects {
  location: Location;
  type: string;
  objects: number;
  shallowBytes: number;
  /** What would be freed with all of them. */
  retainedBytes: number;
  largestId: number;
}

/** What code in a file made and keeps. */
export interface FoundCode {
  /** The files whose path ends in what was asked for, as far as objects of theirs are in the heap. */
  files: string[];
  /** What would be freed with everything that was found. */
  retainedBytes: number;
  code: Page<CodeObjects>;
}

/** Objects of one class in two snapshots. Bytes are shallow. */
export interface ClassChange {
  type: string;
  /** In the later one only. */
  newObjects: number;
  newBytes: number;
  /** In the earlier one only. */
  goneObjects: number;
  goneBytes: number;
  /** In both; bytes in the later one. */
  keptObjects: number;
  keptBytes: number;
  /** Bytes in the later one less bytes in the earlier one. */
  growthBytes: number;
  /** A new object: the one that retains most; null where there is none. */
  sampleId: number | null;
}

/** What changed from an earlier snapshot to a later one, object by object. */
export interface Comparison {
  earlier: string;
  later: string;
  newObjects: number;
  newBytes: number;
  goneObjects: number;
  goneBytes: number;
  keptObjects: number;
  keptBytes: number;
  growthBytes: number;
  classes: Page<ClassChange>;
}
