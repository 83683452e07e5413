/** Classes by count, shallow and retained size, and the heap by kinds. */
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { ClassTable } from './class-table.ts';
import type { ClassRow, HeapContents } from './contents.ts';
import { retainedByClass, type TreeLinks } from './tree-links.ts';

/** Rows that are told: the first by retained size, by own size and by count, whichever a reader sorts by. */
const ROWS_EACH = 100;

/** Counts and adds up every class. O(nodes). */
export function describeClasses(
  heap: OpenedHeap,
  table: ClassTable,
  links: TreeLinks,
): Pick<HeapContents, 'classes' | 'otherClasses'> {
  const { graph, tree, retained, locator } = heap;
  const { nodeCount, nodeSelfSize: selfSize } = graph;
  const { classOf } = table;
  const classCount = table.names.length;
  const objects = new Uint32Array(classCount);
  const shallowBytes = new Float64Array(classCount);
  const heaviest = new Uint32Array(classCount);
  for (let node = 0; node < nodeCount; node++) {
    // As in DevTools' table, what has no size is nothing.
    if (selfSize[node] === 0) continue;
    const own = classOf[node];
    if (objects[own]++ === 0 || retained[node] > retained[heaviest[own]]) heaviest[own] = node;
    shallowBytes[own] += selfSize[node];
  }
  const retainedBytes = retainedByClass({ tree, links, retained, selfSize, classOf, classCount });
  const all = Array.from({ length: classCount }, (_, at) => at).filter((at) => objects[at] > 0);
  const told = new Set<number>();
  for (const figure of [retainedBytes, shallowBytes, objects]) {
    all.sort((a, b) => figure[b] - figure[a]);
    for (const at of all.slice(0, ROWS_EACH)) told.add(at);
  }
  const classes = [...told]
    .sort((a, b) => retainedBytes[b] - retainedBytes[a] || shallowBytes[b] - shallowBytes[a])
    .map((at): ClassRow => ({
      type: table.names[at],
      objects: objects[at],
      shallowBytes: shallowBytes[at],
      retainedBytes: retainedBytes[at],
      location: table.located[at] < 0 ? null : (locator.site(table.located[at])?.location ?? null),
      nodeId: graph.nodeId[heaviest[at]],
    }));
  const otherClasses = { classes: 0, objects: 0, shallowBytes: 0 };
  for (const at of all) {
    if (told.has(at)) continue;
    otherClasses.classes++;
    otherClasses.objects += objects[at];
    otherClasses.shallowBytes += shallowBytes[at];
  }
  return { classes, otherClasses };
}

const KINDS = ['objects', 'arrays', 'strings', 'code', 'buffers', 'other native memory', 'system'] as const;

/** Every node by its kind, DevTools' statistics: what a JavaScript array has for its elements counts as array. O(nodes). */
export function describeTotals(graph: HeapGraph, { classOf, names }: ClassTable): HeapContents['totals'] {
  const { nodeCount, nodeType, nodeTypes, nodeSelfSize } = graph;
  const isStore = Uint8Array.from(names, (name) => (name === 'JSArrayBufferData' ? 1 : 0));
  const isArray = Uint8Array.from(names, (name) => (name === 'Array' ? 1 : 0));
  const objects = new Float64Array(KINDS.length);
  const bytes = new Float64Array(KINDS.length);
  const add = (node: number, kind: number): void => {
    objects[kind]++;
    bytes[kind] += nodeSelfSize[node];
  };
  for (let node = 0; node < nodeCount; node++) {
    switch (nodeType[node]) {
      case nodeTypes.hidden:
        add(node, 6);
        break;
      case nodeTypes.native:
        add(node, isStore[classOf[node]] === 1 ? 4 : 5);
        break;
      case nodeTypes.code:
        add(node, 3);
        break;
      case nodeTypes.string:
      case nodeTypes.concatenatedString:
      case nodeTypes.slicedString:
        add(node, 2);
        break;
      case nodeTypes.object:
        add(node, isArray[classOf[node]]);
        break;
      case nodeTypes.array:
        add(node, isArray[classOf[ownerOfElements(graph, node)]]);
        break;
      default:
        add(node, 0);
    }
  }
  const byKind = KINDS.map((kind, at) => ({ kind, objects: objects[at], bytes: bytes[at] }))
    .filter((row) => row.objects > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return { objects: nodeCount, bytes: bytes.reduce((sum, each) => sum + each, 0), byKind };
}

/** The object whose numbered elements stand in a store, and in no other's; the store itself where it is no such one. */
function ownerOfElements(graph: HeapGraph, store: number): number {
  const slot = graph.firstRetainer[store];
  if (graph.firstRetainer[store + 1] - slot !== 1) return store;
  const edge = graph.retainerEdge[slot];
  const isElements =
    graph.edgeType[edge] === graph.edgeTypes.internal && graph.strings.get(graph.edgeName[edge]) === 'elements';
  return isElements ? graph.retainerNode[slot] : store;
}
