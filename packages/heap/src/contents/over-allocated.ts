/**
 * Collections whose store is much larger than what stands in it. What each sort can be said to waste:
 *
 * - An array with holes, or an object with numbered properties: the slots where nothing stands.
 * - An array that was pushed to: the slots behind its end. V8 gives a growing array half as much again and 16 more.
 * - Indexes far apart: V8 turns the store into a hash table; its empty entries.
 * - A Map or Set: a table doubles when it is full and halves when less than a quarter of it is used. Between half and
 *   all of it is the price of a hash table; less than half is left from entries that were deleted. And the smallest
 *   table has room for four, for one entry too.
 * - An object in dictionary mode (`delete`, or very many keys): up to some hundred properties it is a record, of which
 *   V8 would make a plain object with a word a property.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import { typeName } from '../naming/labels.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { HeapContents, OverAllocated } from './contents.ts';
import type { References } from './references.ts';
import { shortName } from './short-name.ts';
import { Stores } from './stores.ts';
import { toldPath } from './told-path.ts';

const MOST_COLLECTIONS = 20;
/** Groups that waste less in all, or less than this share of the heap, are left out. */
const LEAST_BYTES = 16 * 1024;
const LEAST_SHARE = 0.0005;
/** V8's smallest growth: shorter arrays were made with their length. */
const LEAST_ELEMENTS = 17;
const SMALLEST_TABLE = 4;
/** An object with more properties than this is a dictionary for good. */
const RECORD_PROPERTIES = 128;

interface Waste {
  cause: OverAllocated['cause'];
  slots: number;
  used: number;
  bytes: number;
}

interface Group extends Waste {
  collections: number;
  largest: number;
  largestBytes: number;
}

/** Finds such collections and tells the references that hold most of them; `globals`: the global scopes. O(nodes + edges). */
export function describeOverAllocated(
  heap: OpenedHeap,
  references: References,
  globals: readonly number[],
): HeapContents['overAllocated'] {
  const { graph } = heap;
  const groups = new Map<string, Group>();
  eachWaste(graph, arrayShapes(graph, globals), (owner, waste) => {
    const key = `${waste.cause} ${String(references.wayOf(owner))} ${String(graph.nodeName[owner])}`;
    const group = groups.get(key);
    if (!group) {
      groups.set(key, { ...waste, collections: 1, largest: owner, largestBytes: waste.bytes });
      return;
    }
    group.collections++;
    group.slots += waste.slots;
    group.used += waste.used;
    group.bytes += waste.bytes;
    if (waste.bytes > group.largestBytes) {
      group.largest = owner;
      group.largestBytes = waste.bytes;
    }
  });
  const least = Math.max(LEAST_BYTES, heap.retained[0] * LEAST_SHARE);
  const worst = [...groups.values()].filter(({ bytes }) => bytes >= least).sort((a, b) => b.bytes - a.bytes);
  return {
    wastedBytes: worst.reduce((sum, { bytes }) => sum + bytes, 0),
    collections: worst.slice(0, MOST_COLLECTIONS).map((group) => {
      const path = toldPath(heap, group.largest);
      const own = path.at(-1);
      const type = shortName(typeName(graph, group.largest));
      return {
        type,
        name: own?.name ?? type,
        cause: group.cause,
        slots: group.slots,
        used: group.used,
        wastedBytes: group.bytes,
        nodeId: graph.nodeId[group.largest],
        location: own?.location ?? null,
        path,
        collections: group.collections,
      };
    }),
  };
}

const [OTHER, ELEMENTS, TABLE, PROPERTIES] = [1, 2, 3, 4];

/** Tells every collection that wastes anything. */
function eachWaste(graph: HeapGraph, arrays: ArrayShapes, tell: (owner: number, waste: Waste) => void): void {
  const { nodeCount, nodeType, nodeTypes, firstRetainer, retainerNode, retainerEdge } = graph;
  const { edgeType, edgeTypes, edgeName, strings } = graph;
  const stores = new Stores(graph);
  const kindOfName = new Uint8Array(strings.length); // 0: not yet known
  const hasElements = new Uint8Array(nodeCount);
  for (let store = 0; store < nodeCount; store++) {
    if (nodeType[store] !== nodeTypes.array) continue;
    // A store of two owners is V8's own: shared literals, copied on write.
    const slot = firstRetainer[store];
    if (firstRetainer[store + 1] - slot !== 1) continue;
    const [owner, edge] = [retainerNode[slot], retainerEdge[slot]];
    if (nodeType[owner] !== nodeTypes.object || edgeType[edge] !== edgeTypes.internal) continue;
    const name = edgeName[edge];
    if (kindOfName[name] === 0) kindOfName[name] = kindOfStore(strings.get(name));
    const kind = kindOfName[name];
    if (kind === OTHER) continue;
    // No object has two, and its edges are counted: once is enough.
    if (kind === ELEMENTS) {
      if (hasElements[owner] === 1) continue;
      hasElements[owner] = 1;
    }
    const waste =
      kind === ELEMENTS
        ? wasteOfElements(graph, stores, arrays, owner, store)
        : kind === TABLE
          ? wasteOfTable(stores, store)
          : isPrototype(graph, owner)
            ? undefined
            : wasteOfProperties(graph, stores, store);
    if (waste && waste.bytes > 0) tell(owner, waste);
  }
}

function kindOfStore(name: string): number {
  return name === 'elements' ? ELEMENTS : name === 'table' ? TABLE : name === 'properties' ? PROPERTIES : OTHER;
}

const RETAINERS_LOOKED_AT = 16;

/** Prototypes are in dictionary mode until they are first used: code, not data. */
function isPrototype(graph: HeapGraph, node: number): boolean {
  const { firstRetainer, retainerNode, retainerEdge, nodeType, nodeTypes, edgeType, edgeTypes, edgeName, strings } =
    graph;
  const end = Math.min(firstRetainer[node + 1], firstRetainer[node] + RETAINERS_LOOKED_AT);
  for (let slot = firstRetainer[node]; slot < end; slot++) {
    const type = nodeType[retainerNode[slot]];
    const via = edgeType[retainerEdge[slot]];
    const isOfShape = type === nodeTypes.objectShape && via === edgeTypes.internal;
    const isOfFunction = type === nodeTypes.closure && via === edgeTypes.property;
    if ((isOfShape || isOfFunction) && strings.get(edgeName[retainerEdge[slot]]) === 'prototype') return true;
  }
  return false;
}

function wasteOfTable(stores: Stores, store: number): Waste | undefined {
  const room = stores.table(store);
  if (!room) return undefined;
  const { slots, used, bytesPerSlot } = room;
  if (used * 2 >= slots) return undefined;
  const cause = slots > SMALLEST_TABLE ? 'deleted' : 'capacity';
  return { cause, slots, used, bytes: (slots - used) * bytesPerSlot };
}

function wasteOfProperties(graph: HeapGraph, stores: Stores, store: number): Waste | undefined {
  const room = stores.properties(store);
  if (!room) return undefined;
  const { slots, used, bytesPerSlot } = room;
  if (used > RECORD_PROPERTIES) {
    if (used * 3 >= slots) return undefined;
    return { cause: 'properties', slots, used, bytes: (slots - used) * bytesPerSlot };
  }
  const asRecord = (used + 2) * stores.pointerBytes;
  return { cause: 'properties', slots, used, bytes: graph.nodeSelfSize[store] - asRecord };
}

function wasteOfElements(
  graph: HeapGraph,
  stores: Stores,
  arrays: ArrayShapes,
  owner: number,
  store: number,
): Waste | undefined {
  const slots = stores.slotsOf(store);
  if (slots < LEAST_ELEMENTS) return undefined;
  const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo } = graph;
  let used = 0;
  let last = -1;
  let shape = -1;
  for (let edge = firstEdge[owner]; edge < firstEdge[owner + 1]; edge++) {
    const type = edgeType[edge];
    if (type === edgeTypes.element) {
      used++;
      if (edgeName[edge] > last) last = edgeName[edge];
    } else if (type === edgeTypes.internal && edgeName[edge] === arrays.mapName) shape = edgeTo[edge];
  }
  if (used === 0) return undefined;
  if (last >= slots) {
    const room = stores.sparseElements(store);
    if (!room) return undefined;
    return { cause: 'gaps', slots: room.slots, used, bytes: Math.max(0, room.slots - used) * room.bytesPerSlot };
  }
  if (arrays.packed.has(shape)) {
    // Longer than V8 makes it for so many: there are numbers in it, which the snapshot does not show.
    if (slots > used + (used >> 1) + LEAST_ELEMENTS) return undefined;
  } else if (!arrays.holey.has(shape) && isArray(graph, owner)) return undefined;
  const cause = last + 1 === used ? 'capacity' : 'gaps';
  return used * 2 < slots ? { cause, slots, used, bytes: (slots - used) * stores.pointerBytes } : undefined;
}

function isArray({ nodeName, strings }: HeapGraph, node: number): boolean {
  return strings.get(nodeName[node]) === 'Array';
}

/** The hidden classes of arrays of references, without holes and with. Arrays of numbers have others. */
interface ArrayShapes {
  packed: ReadonlySet<number>;
  holey: ReadonlySet<number>;
  /** The index of the edge name `map`, -1 where there is none. */
  mapName: number;
}

/** V8's global scopes name them. */
function arrayShapes(graph: HeapGraph, globals: readonly number[]): ArrayShapes {
  const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings } = graph;
  const packed = new Set<number>();
  const holey = new Set<number>();
  let mapName = -1;
  for (const node of globals) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== edgeTypes.internal) continue;
      const name = strings.get(edgeName[edge]);
      if (name === 'js_array_packed_elements_map') packed.add(edgeTo[edge]);
      else if (name === 'js_array_holey_elements_map') holey.add(edgeTo[edge]);
      else if (name === 'map') mapName = edgeName[edge];
    }
  }
  return { packed, holey, mapName };
}
