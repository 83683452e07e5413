/**
 * Memory outside the objects: what ArrayBuffers stand on (Buffers, typed arrays, WebAssembly memories), large strings,
 * and what native code tells V8 of (compressors, sockets). Told by who holds it, those of one reference together.
 *
 * What a snapshot does not show: how much of its store a view sees (V8 writes no length), so that a small slice of a
 * large Buffer looks like the whole of it; the text of an external string on Node 20, which counts with its header only.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { BUFFER_STORE, holderOfStore, WASM_MEMORY } from '../graph/array-buffers.ts';
import { describeSlabs } from './buffer-slabs.ts';
import type { HeapContents } from './contents.ts';
import { INTERNAL, type References } from './references.ts';
import { toldPath } from './told-path.ts';

const MOST_BUFFERS = 20;
/** Strings, and native memory that is no store, from here on. */
const LARGE_BYTES = 64 * 1024;
/** Groups of less than this in all, or less than this share of the heap, are left out. */
const LEAST_BYTES = 16 * 1024;
const LEAST_SHARE = 0.0005;

/** Buffers that are held in one way. */
interface Group {
  bytes: number;
  buffers: number;
  largest: number;
}

/** Adds up all such memory and tells the references that hold most of it. O(nodes). */
export function describeBuffers(
  heap: OpenedHeap,
  references: References,
  contexts: readonly number[],
): HeapContents['buffers'] {
  const { graph } = heap;
  const { nodeCount, nodeType, nodeTypes, nodeName, nodeSelfSize, strings } = graph;
  const groups = new Map<number, Group>();
  const stores: number[] = [];
  let bytes = 0;
  const add = (node: number, owner: number): void => {
    bytes += nodeSelfSize[node];
    const way = references.wayOf(owner);
    const group = groups.get(way);
    if (!group) groups.set(way, { bytes: nodeSelfSize[node], buffers: 1, largest: node });
    else {
      group.bytes += nodeSelfSize[node];
      group.buffers++;
      if (nodeSelfSize[node] > nodeSelfSize[group.largest]) group.largest = node;
    }
  };
  const isStoreName = new Int8Array(strings.length).fill(-1);
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    if (type === nodeTypes.native) {
      const name = nodeName[node];
      if (isStoreName[name] < 0) isStoreName[name] = strings.get(name) === BUFFER_STORE ? 1 : 0;
      const isStore = isStoreName[name] === 1;
      if (isStore) stores.push(node);
      if (isStore || nodeSelfSize[node] >= LARGE_BYTES) add(node, isStore ? holderOfStore(graph, node) : node);
    } else if (
      type === nodeTypes.string &&
      nodeSelfSize[node] >= LARGE_BYTES &&
      references.labelOf(node) !== INTERNAL
    ) {
      add(node, node); // the others are the sources of code
    }
  }
  const least = Math.max(LEAST_BYTES, heap.retained[0] * LEAST_SHARE);
  const largest = [...groups.values()]
    .filter((group) => group.bytes >= least)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_BUFFERS)
    .map(({ bytes: groupBytes, buffers, largest: node }) => {
      const holder = strings.get(nodeName[node]) === BUFFER_STORE ? holderOfStore(graph, node) : node;
      return {
        type: typeOf(graph, holder),
        bytes: groupBytes,
        nodeId: graph.nodeId[holder],
        path: toldPath(heap, holder),
        buffers,
      };
    });
  return { bytes, largest, slabs: describeSlabs(heap, references, { stores, contexts }) };
}

function typeOf({ nodeType, nodeTypes, nodeName, strings }: HeapGraph, node: number): string {
  if (nodeType[node] === nodeTypes.string) return 'string';
  const name = strings.get(nodeName[node]);
  return name === WASM_MEMORY ? 'WebAssembly.Memory' : name.replace(/^system \/ JSArrayBufferData$/, 'ArrayBuffer');
}
