/** Every query with its input and its answer: what the thread that opened a snapshot serves, and what callers ask. */
import type { HeapContents } from '../contents/contents.ts';
import type {
  ClassSummary,
  Comparison,
  FoundCode,
  HeapObject,
  HeapSummary,
  NamedObject,
  ObjectDetails,
  ObjectPath,
  Page,
  Reference,
  RetainedSet,
  ShortestPath,
} from './answers.ts';
import type { Census } from './census.ts';

/** Which part of a list. */
export interface PageQuery {
  /** Rows to pass over; 0 unless given. */
  offset?: number;
  /** Rows to answer, 1 to 1000; 50 unless given. */
  limit?: number;
}

/** Which classes, and in what order. */
export interface ClassQuery extends PageQuery {
  /** Part of the class's name, whatever its case. */
  filter?: string;
  /** Largest first; by `type`, in the order of the alphabet. `retainedBytes` unless given. */
  sort?: 'retainedBytes' | 'shallowBytes' | 'objects' | 'type';
}

/** Objects of a class, largest first. */
export interface ObjectQuery extends PageQuery {
  /** The class's whole name, as classes tell it. */
  type: string;
  sort?: 'retainedBytes' | 'shallowBytes';
}

/** One object, and part of a list that belongs to it. */
export interface IdQuery extends PageQuery {
  id: number;
}

/** Objects by the name of a property or variable that holds them. */
export interface NameQuery extends PageQuery {
  /** The whole name. Keys that are data are found by no name, unless the snapshot was opened with `allowStrings`. */
  name: string;
}

/** Objects by the code that made them. */
export interface CodeQuery extends PageQuery {
  /** A path or its end: `session-store.ts`, `src/session-store.ts`. */
  file: string;
  /** Only the class or function that begins at this line, or last before it. */
  line?: number;
}

/** Classes that changed, and in what order. */
export interface ComparisonQuery extends PageQuery {
  /** Part of the class's name, whatever its case. */
  filter?: string;
  /** Largest first; `growthBytes` unless given. */
  sort?: 'growthBytes' | 'newBytes' | 'newObjects' | 'goneBytes';
}

/** The contract between a snapshot's handle and the thread that serves it. */
export interface Queries {
  summary: { input: null; answer: HeapSummary };
  contents: { input: null; answer: HeapContents };
  classes: { input: ClassQuery; answer: Page<ClassSummary> };
  objects: { input: ObjectQuery; answer: Page<HeapObject> };
  object: { input: IdQuery; answer: ObjectDetails };
  retainers: { input: IdQuery; answer: Page<Reference> };
  path: { input: { id: number }; answer: ObjectPath };
  shortestPath: { input: { id: number }; answer: ShortestPath };
  dominators: { input: IdQuery; answer: Page<HeapObject> };
  dominated: { input: IdQuery; answer: Page<HeapObject> };
  retainedSet: { input: IdQuery; answer: RetainedSet };
  findByName: { input: NameQuery; answer: Page<NamedObject> };
  findByCode: { input: CodeQuery; answer: FoundCode };
  compare: { input: ComparisonQuery & { with: string | Census }; answer: Comparison };
  census: { input: null; answer: Census };
}

/** The name of a query. */
export type QueryName = keyof Queries;
