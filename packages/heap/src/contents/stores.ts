/**
 * What V8's stores (an array's elements, the table of a Map or Set, the properties of an object in dictionary mode) have
 * room for, told from their size and from where in them something stands. Layouts: V8's src/objects/fixed-array.h,
 * ordered-hash-table.h, dictionary.h and hash-table.h, the same in Node 20 to 26.
 *
 * A snapshot shows no numbers, booleans, null or undefined in stores, only references to objects and strings: what is
 * said to be empty may hold such a value. Where a store shows no reference at all, nothing is said of it.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';

/** The room of a store and what is in it, in entries. */
export interface Room {
  slots: number;
  used: number;
  bytesPerSlot: number;
}

/** Positions that are looked at to learn how many references an entry has. */
const POSITIONS_LOOKED_AT = 64;

/** Reads stores of one heap. */
export class Stores {
  readonly #graph: HeapGraph;
  /** Bytes of a slot: 8, or 4 in a V8 with compressed pointers. */
  readonly pointerBytes: number;

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    this.pointerBytes = pointerBytes(graph);
  }

  /** Slots of a store: its size without its map and length. */
  slotsOf(store: number): number {
    return Math.max(0, Math.floor(this.#graph.nodeSelfSize[store] / this.pointerBytes) - 2);
  }

  /**
   * The table of a Map or Set: three numbers, a bucket for every two entries, then entries of key, value (of a Map) and
   * link. Undefined for other tables, and where no key or value can be seen.
   */
  table(store: number): Room | undefined {
    const slots = this.slotsOf(store);
    const mapBuckets = (slots - TABLE_PREFIX) / 7;
    const setBuckets = (slots - TABLE_PREFIX) / 5;
    const isMap = isPowerOfTwo(mapBuckets);
    if (!isMap && !isPowerOfTwo(setBuckets)) return undefined;
    const buckets = isMap ? mapBuckets : setBuckets;
    const entrySlots = isMap ? 3 : 2;
    return this.#room(store, { slots: 2 * buckets, first: TABLE_PREFIX + buckets, entrySlots });
  }

  /** The properties of an object in dictionary mode: a hash table with entries of key, value and details. */
  properties(store: number): Room | undefined {
    return this.#dictionary(store, PROPERTIES_PREFIX);
  }

  /** Elements in dictionary mode: the same with numbers for keys, which are not seen. */
  sparseElements(store: number): Room | undefined {
    return this.#dictionary(store, ELEMENTS_PREFIX);
  }

  #dictionary(store: number, prefix: number): Room | undefined {
    const slots = (this.slotsOf(store) - prefix) / 3;
    return isPowerOfTwo(slots) ? this.#room(store, { slots, first: prefix, entrySlots: 3 }) : undefined;
  }

  #room(
    store: number,
    { slots, first, entrySlots }: { slots: number; first: number; entrySlots: number },
  ): Room | undefined {
    const { firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes } = this.#graph;
    let references = 0;
    let looked = 0;
    let entries = 0;
    let last = -1;
    for (let edge = firstEdge[store]; edge < firstEdge[store + 1]; edge++) {
      const type = nodeType[edgeTo[edge]];
      // Holes that deleted entries leave, and the store's own hidden class.
      if (type === nodeTypes.hidden || type === nodeTypes.objectShape || edgeType[edge] === edgeTypes.weak) continue;
      references++;
      if (looked === POSITIONS_LOOKED_AT) continue;
      const position = this.#positionOf(edge);
      if (position < first) continue;
      looked++;
      // Edges stand in order of their positions.
      const entry = Math.floor((position - first) / entrySlots);
      if (entry !== last) entries++;
      last = entry;
    }
    if (looked === 0) return undefined;
    const used = Math.min(slots, Math.round((references * entries) / looked));
    return { slots, used, bytesPerSlot: entrySlots * this.pointerBytes };
  }

  #positionOf(edge: number): number {
    const { edgeType, edgeTypes, edgeName, strings } = this.#graph;
    if (edgeType[edge] === edgeTypes.hidden || edgeType[edge] === edgeTypes.element) return edgeName[edge];
    if (edgeType[edge] !== edgeTypes.internal) return -1;
    const position = Number(strings.get(edgeName[edge]));
    return Number.isSafeInteger(position) ? position : -1;
  }
}

/** Numbers of entries, deleted entries and buckets. */
const TABLE_PREFIX = 3;
/** Numbers of elements, deleted elements, capacity and largest key. */
const ELEMENTS_PREFIX = 4;
/** Numbers of elements, deleted elements, capacity, next index, hash and flags. */
const PROPERTIES_PREFIX = 6;

function isPowerOfTwo(value: number): boolean {
  // Tables are far below 2^31 entries; a fraction is cut off by the first comparison.
  return (value | 0) === value && value > 0 && (value & (value - 1)) === 0;
}

/** An array object is four pointers. */
function pointerBytes({ nodeCount, nodeType, nodeTypes, nodeName, nodeSelfSize, strings }: HeapGraph): number {
  for (let node = 0; node < nodeCount; node++)
    if (nodeType[node] === nodeTypes.object && nodeSelfSize[node] > 0 && strings.get(nodeName[node]) === 'Array')
      return nodeSelfSize[node] === 16 ? 4 : 8;
  return 8;
}
