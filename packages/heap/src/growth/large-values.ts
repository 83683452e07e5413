/** Texts and buffers by who holds them: they are replaced by longer ones, and so have no id that lasts. */
import { BUFFER_STORE, holderOfStore } from '../graph/array-buffers.ts';
import { containerOf, isBackingStore } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { isText } from '../graph/texts.ts';

/** Smaller ones come in numbers, and stay: they are counted. */
const LEAST_BYTES = 1024;
/** What more than these hold is nobody's own; and no text is made of more pieces one above the other. */
const MOST_RETAINERS = 8;
const MOST_PIECES = 256;

/** The large texts and buffers that one object holds itself: their bytes, and the largest of them. */
export interface LargeValues {
  bytes: number;
  largest: number;
  largestBytes: number;
}

/** Finds them, by their holders' ordinals. O(nodes). */
export function largeValues(graph: HeapGraph): Map<number, LargeValues> {
  const { nodeCount, nodeSelfSize, nodeName, strings } = graph;
  const held = new Map<number, LargeValues>();
  for (let node = 0; node < nodeCount; node++) {
    const bytes = nodeSelfSize[node];
    if (bytes < LEAST_BYTES) continue;
    const isString = isText(graph, node);
    if (!isString && strings.get(nodeName[node]) !== BUFFER_STORE) continue;
    const value = isString ? node : holderOfStore(graph, node);
    for (const holder of holdersOf(graph, value)) {
      const known = held.get(holder);
      if (known === undefined) {
        held.set(holder, { bytes, largest: value, largestBytes: bytes });
        continue;
      }
      known.bytes += bytes;
      if (bytes > known.largestBytes) [known.largest, known.largestBytes] = [value, bytes];
    }
  }
  return held;
}

/** The objects that hold a value: by their stores, and by the texts that it is a piece of. */
function holdersOf(graph: HeapGraph, value: number): Iterable<number> {
  const { firstRetainer, retainerNode, retainerEdge, edgeIsStrong, nodeType, nodeTypes } = graph;
  const holders = new Set<number>();
  const pieces = [value];
  for (const piece of pieces) {
    const [from, to] = [firstRetainer[piece], firstRetainer[piece + 1]];
    if (to - from > MOST_RETAINERS || pieces.length > MOST_PIECES) return [];
    for (let slot = from; slot < to; slot++) {
      if (edgeIsStrong[retainerEdge[slot]] !== 1) continue;
      const retainer = retainerNode[slot];
      if (isText(graph, retainer)) pieces.push(retainer);
      else {
        const holder = isBackingStore(graph, retainer) ? containerOf(graph, retainer) : retainer;
        const isObject =
          holder >= 0 && (nodeType[holder] === nodeTypes.object || nodeType[holder] === nodeTypes.closure);
        if (isObject) holders.add(holder);
      }
    }
  }
  return holders;
}
