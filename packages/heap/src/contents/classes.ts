/** Classes by count, shallow and retained size, and the heap by kinds. */
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { ClassTable } from './class-table.ts';
import type { ClassRow, HeapContents } from './contents.ts';

/** Rows that are told: the first by retained size, by own size and by count, whichever a reader sorts by. */
const ROWS_EACH = 100;

/** The class table with its figures. */
export interface ClassFigures {
  /** Nodes with a size, by class. */
  objects: Uint32Array;
  /** Nodes without. */
  sizeless: Uint32Array;
  shallowBytes: Float64Array;
  /** The node that retains most, by class. */
  heaviest: Uint32Array;
}

/** Counts every class. O(nodes). */
export function countClasses({ graph, retained }: OpenedHeap, { classOf, names }: ClassTable): ClassFigures {
  const { nodeCount, nodeSelfSize } = graph;
  const objects = new Uint32Array(names.length);
  const sizeless = new Uint32Array(names.length);
  const shallowBytes = new Float64Array(names.length);
  const heaviest = new Uint32Array(names.length);
  const most = new Float64Array(names.length).fill(-1);
  for (let node = 0; node < nodeCount; node++) {
    const own = classOf[node];
    const size = nodeSelfSize[node];
    // As in DevTools' table, what has no size is nothing.
    if (size === 0) {
      sizeless[own]++;
      continue;
    }
    objects[own]++;
    shallowBytes[own] += size;
    if (retained[node] <= most[own]) continue;
    most[own] = retained[node];
    heaviest[own] = node;
  }
  return { objects, sizeless, shallowBytes, heaviest };
}

/** Tells the classes that have most of anything, with what each retains, from {@link countClasses}. */
export function describeClasses(
  { graph, locator }: OpenedHeap,
  table: ClassTable,
  { objects, shallowBytes, heaviest }: ClassFigures,
  retainedBytes: Float64Array,
): Pick<HeapContents, 'classes' | 'otherClasses'> {
  const all = Array.from(table.names, (_, at) => at).filter((at) => objects[at] > 0);
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

type Kind = 'objects' | 'arrays' | 'strings' | 'code' | 'buffers' | 'other native memory' | 'system';

/** The whole heap by kinds, DevTools' statistics: what a JavaScript array has for its elements counts as array. O(nodes). */
export function describeTotals(graph: HeapGraph, table: ClassTable, figures: ClassFigures): HeapContents['totals'] {
  const { nodeCount, nodeType, nodeTypes, nodeSelfSize } = graph;
  const rows = new Map<Kind, { objects: number; bytes: number }>();
  const add = (kind: Kind, objects: number, bytes: number): void => {
    const row = rows.get(kind) ?? { objects: 0, bytes: 0 };
    rows.set(kind, { objects: row.objects + objects, bytes: row.bytes + bytes });
  };
  table.names.forEach((name, at) => {
    add(kindOf(name, table.types[at]), figures.objects[at] + figures.sizeless[at], figures.shallowBytes[at]);
  });
  // The stores of arrays, which stand among V8's other ones.
  const isArray = Uint8Array.from(table.names, (name) => (name === 'Array' ? 1 : 0));
  const owners = elementsOwners(graph);
  let stores = 0;
  let storeBytes = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== nodeTypes.array) continue;
    const owner = owners(node);
    if (owner < 0 || isArray[table.classOf[owner]] === 0) continue;
    stores++;
    storeBytes += nodeSelfSize[node];
  }
  add('arrays', stores, storeBytes);
  add('objects', -stores, -storeBytes);
  const byKind = [...rows]
    .map(([kind, row]) => ({ kind, ...row }))
    .filter((row) => row.objects > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return { objects: nodeCount, bytes: byKind.reduce((sum, { bytes }) => sum + bytes, 0), byKind };
}

function kindOf(name: string, type: string): Kind {
  switch (type) {
    case 'hidden':
      return 'system';
    case 'code':
      return 'code';
    case 'string':
    case 'concatenated string':
    case 'sliced string':
      return 'strings';
    case 'native':
      return name === 'JSArrayBufferData' ? 'buffers' : 'other native memory';
    case 'object':
      return name === 'Array' ? 'arrays' : 'objects';
    default:
      return 'objects';
  }
}

/** Of a store, the object whose numbered elements stand in it, and in no other's; -1 where it is no such one. */
function elementsOwners(graph: HeapGraph): (store: number) => number {
  const { firstRetainer, retainerNode, retainerEdge, edgeType, edgeTypes, edgeName, strings } = graph;
  const isElements = new Int8Array(strings.length).fill(-1);
  return (store) => {
    const slot = firstRetainer[store];
    if (firstRetainer[store + 1] - slot !== 1) return -1;
    const edge = retainerEdge[slot];
    if (edgeType[edge] !== edgeTypes.internal) return -1;
    const name = edgeName[edge];
    if (isElements[name] < 0) isElements[name] = strings.get(name) === 'elements' ? 1 : 0;
    return isElements[name] === 1 ? retainerNode[slot] : -1;
  };
}
