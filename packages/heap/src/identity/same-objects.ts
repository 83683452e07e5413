/**
 * Which objects of two snapshots of one process are the same, told by how they are held and not by V8's numbers.
 *
 * Both heaps are walked in lockstep from the root: what two objects that are the same refer to by the same reference is
 * the same, where it is of the same type and name. References by name come first, since a name says more than a place (and
 * so are numbers names where they are few and far apart: keys): numbered ones wait until no named one is left, then come
 * the links of lists, then what V8 keeps in another field than before, then V8's own (handles, roots, weak lists). An object
 * that was replaced by one of its kind at the same place counts as the same, but for the value of a map's entry whose key is
 * another text.
 *
 * The idea is that of tree differencing by keys (S. Chawathe et al., "Change detection in hierarchically structured
 * information", SIGMOD 1996), where names of references are the keys.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import { align, type Likeness } from './align.ts';
import { PairQueue } from './pair-queue.ts';
import { EntryTexts } from './entry-texts.ts';
import { NO_NAME, sharedNames } from './shared-names.ts';

/** What is walked: the objects, and what they refer to. */
export type References = Pick<
  HeapGraph,
  | 'file'
  | 'nodeCount'
  | 'nodeType'
  | 'nodeName'
  | 'firstEdge'
  | 'edgeType'
  | 'edgeName'
  | 'edgeTo'
  | 'strings'
  | 'nodeTypes'
  | 'edgeTypes'
>;

/** The part of a graph that is walked: the rest can be given up. */
export function referencesOf(graph: HeapGraph): References {
  const { file, nodeCount, nodeType, nodeName, firstEdge, edgeType, edgeName, edgeTo } = graph;
  const { strings, nodeTypes, edgeTypes } = graph;
  return {
    file,
    nodeCount,
    nodeType,
    nodeName,
    firstEdge,
    edgeType,
    edgeName,
    edgeTo,
    strings,
    nodeTypes,
    edgeTypes,
  };
}

/** No object: new in the newer snapshot. */
export const NO_OBJECT = 0xffffffff;

/** Ranks of references, in the order in which they are followed. */
const NAMED = 0;
const NUMBERED = 1;
const CHAINED = 2;
const MOVED = 3;
const OF_V8 = 4;
/** What has more fields is a table. */
const MOST_FIELDS = 16;

/** By ordinal of `newer`: the ordinal in `older` of the same object, or {@link NO_OBJECT}. O(nodes + edges of both). */
export function sameObjects(older: References, newer: References): Uint32Array {
  const walk = new Lockstep(older, newer);
  walk.run();
  return walk.olderOf;
}

class Lockstep {
  readonly olderOf: Uint32Array;
  readonly #isTaken: Uint8Array;
  readonly #older: References;
  readonly #newer: References;
  readonly #olderNames: Uint32Array;
  readonly #newerNames: Uint32Array;
  readonly #queues = [NAMED, NUMBERED, CHAINED, MOVED, OF_V8].map(() => new PairQueue());
  readonly #isAlike: Likeness['isLike'];
  readonly #likeness: Likeness;
  readonly #likenessOfEntries: Likeness;
  readonly #entryTexts: readonly EntryTexts[];
  /** Whether the elements of the two objects that are being followed are few and far apart. */
  #isSparse = false;
  /** Tables of maps in the older snapshot that have not been followed yet. */
  readonly #tables = new Set<number>();

  constructor(older: References, newer: References) {
    this.#older = older;
    this.#newer = newer;
    const names = sharedNames(older.strings, newer.strings);
    this.#olderNames = names.older;
    this.#newerNames = names.newer;
    this.olderOf = new Uint32Array(newer.nodeCount).fill(NO_OBJECT);
    this.#isTaken = new Uint8Array(older.nodeCount);
    const { nodeTypes } = older;
    const textOf = ({ nodeType, nodeName }: References, names: Uint32Array, node: number): number =>
      nodeType[node] === nodeTypes.string && names[nodeName[node]] !== NO_NAME ? names[nodeName[node]] : -1;
    const [olderTexts, newerTexts] = [new EntryTexts(older), new EntryTexts(newer)];
    this.#entryTexts = [olderTexts, newerTexts];
    this.#isAlike = (first, second) => {
      const name = names.older[older.nodeName[first]];
      const isSameName = name !== NO_NAME && name === names.newer[newer.nodeName[second]];
      return isSameName && older.nodeType[first] === newer.nodeType[second];
    };
    this.#likeness = {
      isLike: this.#isAlike,
      olderKey: (node) => textOf(older, names.older, node),
      newerKey: (node) => textOf(newer, names.newer, node),
      isOlderKey: () => false,
      isNewerKey: () => false,
    };
    this.#likenessOfEntries = {
      isLike: (first, second) =>
        this.#isAlike(first, second) && (!olderTexts.isText(first) || isSameKey(olderTexts, first, newerTexts, second)),
      olderKey: (node) => (olderTexts.isText(node) ? olderTexts.keyOf(node) : -1),
      newerKey: (node) => (newerTexts.isText(node) ? newerTexts.keyOf(node) : -1),
      isOlderKey: (node) => olderTexts.isText(node) && olderTexts.keyOf(node) >= 0,
      isNewerKey: (node) => newerTexts.isText(node) && newerTexts.keyOf(node) >= 0,
    };
  }

  run(): void {
    this.#queues[NAMED].push(0, 0);
    for (let queue = this.#next(); queue !== undefined; queue = this.#next()) {
      const { first, second } = queue;
      if (this.#isTaken[first] === 1 || this.olderOf[second] !== NO_OBJECT) continue;
      this.#isTaken[first] = 1;
      this.olderOf[second] = first;
      this.#follow(first, second);
    }
  }

  #next(): PairQueue | undefined {
    return this.#queues.find((queue) => queue.shift());
  }

  #follow(first: number, second: number): void {
    this.#isSparse = isSparse(this.#older, first) && isSparse(this.#newer, second);
    if (!this.#followNames(first, second)) this.#followMoved(first, second);
    const older = this.#numbered(this.#older, first);
    if (older.length === 0) return;
    const rank = this.#older.nodeType[first] === this.#older.nodeTypes.synthetic ? OF_V8 : NUMBERED;
    const likeness = this.#tables.delete(first) ? this.#likenessOfEntries : this.#likeness;
    align(older, this.#numbered(this.#newer, second), likeness, (one, other) => {
      this.#offer(rank, one, other);
    });
    for (const texts of this.#entryTexts) texts.clear();
  }

  /**
   * Offers what two objects refer to by the same names, as far as these stand in the same order; then the others. Returns
   * whether there were no others.
   */
  #followNames(first: number, second: number): boolean {
    const [older, newer] = [this.#older, this.#newer];
    const olderEnd = older.firstEdge[first + 1];
    const newerEnd = newer.firstEdge[second + 1];
    let olderEdge = older.firstEdge[first];
    let newerEdge = newer.firstEdge[second];
    for (; olderEdge < olderEnd && newerEdge < newerEnd; olderEdge++, newerEdge++) {
      const key = this.#keyOf(older, this.#olderNames, olderEdge);
      if (key !== this.#keyOf(newer, this.#newerNames, newerEdge)) break;
      if (key !== NO_KEY) this.#offerEdge(first, olderEdge, newerEdge);
    }
    if (olderEdge === olderEnd && newerEdge === newerEnd) return true;
    const edges = new Map<number, number>(); // -1 where several have the key
    for (; olderEdge < olderEnd; olderEdge++) {
      const key = this.#keyOf(older, this.#olderNames, olderEdge);
      if (key !== NO_KEY) edges.set(key, edges.has(key) ? -1 : olderEdge);
    }
    for (; newerEdge < newerEnd && edges.size > 0; newerEdge++) {
      const found = edges.get(this.#keyOf(newer, this.#newerNames, newerEdge)) ?? -1;
      if (found >= 0) this.#offerEdge(first, found, newerEdge);
    }
    return false;
  }

  /**
   * Offers what V8 keeps in a field of its own that only one of the two has, where each has one such of its kind: what a
   * promise's functions share is laid out in one way by V8's built-in code, and in another by code that it optimized.
   */
  #followMoved(first: number, second: number): void {
    const before = this.#fieldsOf(this.#older, this.#olderNames, first);
    const after = this.#fieldsOf(this.#newer, this.#newerNames, second);
    if (before === null || after === null) return;
    const left = [...before].filter(([field]) => !after.has(field)).map(([, node]) => node);
    const came = [...after].filter(([field]) => !before.has(field)).map(([, node]) => node);
    for (const node of left) {
      const [twin, another] = came.filter((other) => this.#isAlike(node, other));
      if (twin === undefined || another !== undefined) continue;
      if (left.filter((one) => this.#isAlike(one, twin)).length === 1) this.#offer(MOVED, node, twin);
    }
  }

  /** What V8 keeps in fields of its own, by their names or numbers; null for a table. */
  #fieldsOf(graph: References, names: Uint32Array, node: number): Map<number, number> | null {
    const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo } = graph;
    if (firstEdge[node + 1] - firstEdge[node] > MOST_FIELDS) return null;
    const fields = new Map<number, number>();
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const type = edgeType[edge];
      const isHidden = type === edgeTypes.hidden;
      if (!isHidden && type !== edgeTypes.internal) continue;
      const name = isHidden ? edgeName[edge] : names[edgeName[edge]];
      fields.set(name === NO_NAME ? -2 - edge : name * 256 + type, edgeTo[edge]);
    }
    return fields;
  }

  /** What tells a reference by its type and name; {@link NO_KEY} of a numbered one. */
  #keyOf(graph: References, names: Uint32Array, edge: number): number {
    const type = graph.edgeType[edge];
    if (this.#isNumbered(graph, edge)) return NO_KEY;
    if (type === graph.edgeTypes.element) return graph.edgeName[edge] * 256 + type;
    const name = names[graph.edgeName[edge]];
    return name === NO_NAME ? -2 - edge : name * 256 + type; // a name that only one has is like no other
  }

  /** V8 names the fields of its tables by numbers, too. */
  #isNumbered({ edgeType, edgeTypes, edgeName, strings }: References, edge: number): boolean {
    const type = edgeType[edge];
    return (
      (type === edgeTypes.element && !this.#isSparse) ||
      type === edgeTypes.hidden ||
      (type === edgeTypes.internal && strings.startsWithDigit(edgeName[edge]))
    );
  }

  /** What an object refers to by number, in order. */
  #numbered(graph: References, node: number): number[] {
    const found: number[] = [];
    for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
      if (this.#isNumbered(graph, edge)) found.push(graph.edgeTo[edge]);
    }
    return found;
  }

  #offerEdge(owner: number, olderEdge: number, newerEdge: number): void {
    const { nodeType, nodeTypes, nodeName, edgeType, edgeTypes, edgeTo } = this.#older;
    const to = edgeTo[olderEdge];
    if (edgeType[olderEdge] === edgeTypes.internal && this.#isMapsTable(owner, olderEdge)) this.#tables.add(to);
    const isOfV8 = nodeType[owner] === nodeTypes.synthetic || edgeType[olderEdge] === edgeTypes.weak;
    // In a linked list, the next one has no more than a place.
    const isLink = nodeName[owner] === nodeName[to] && nodeType[owner] === nodeType[to];
    this.#offer(isOfV8 ? OF_V8 : isLink ? CHAINED : NAMED, to, this.#newer.edgeTo[newerEdge]);
  }

  /** What V8 calls the table of a Map, or of a class that extends it: keys and values by turns. That of a Set has keys only. */
  #isMapsTable(owner: number, edge: number): boolean {
    const { strings, edgeName, nodeName } = this.#older;
    return strings.is(edgeName[edge], 'table') && !strings.is(nodeName[owner], 'Set');
  }

  #offer(rank: number, first: number, second: number): void {
    if (this.#isTaken[first] === 1 || this.olderOf[second] !== NO_OBJECT) return;
    if (this.#isAlike(first, second)) this.#queues[rank].push(first, second);
  }
}

function isSameKey(olderTexts: EntryTexts, older: number, newerTexts: EntryTexts, newer: number): boolean {
  const key = olderTexts.keyOf(older);
  return key < 0 || key === newerTexts.keyOf(newer);
}

const LEAST_SPARSE_INDEX = 1024;
const SPARSE = 9;

/**
 * Whether an object's elements are keyed rather than numbered, as V8 itself decides: it keeps them in a dictionary where a
 * plain store would be nine times as large (objects/js-objects.cc, `ShouldConvertToSlowElements`).
 */
function isSparse({ firstEdge, edgeType, edgeTypes, edgeName }: References, node: number): boolean {
  let count = 0;
  let last = 0;
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] !== edgeTypes.element) continue;
    count++;
    if (edgeName[edge] > last) last = edgeName[edge];
  }
  return last >= LEAST_SPARSE_INDEX && last > SPARSE * count;
}

/** A reference that is no named one. */
const NO_KEY = -1;
