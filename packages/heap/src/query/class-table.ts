/** All nodes by class, with what each class retains: DevTools' rule for a class's retained size. */
import { retainedByClass } from '../contents/retained-by-class.ts';
import { NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { classNameOf } from './class-name.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { QueryControl } from './control.ts';

/** Classes by number: `classOf` tells the class of a node, the others the figures of a class. */
export interface ClassTable {
  names: string[];
  classOf: Uint32Array;
  objects: Uint32Array;
  shallowBytes: Float64Array;
  retainedBytes: Float64Array;
  /** The ordinal of the one that retains most, among those whose code is known where there are such. */
  largest: Uint32Array;
}

/** Numbers the classes of a graph's nodes; names are made once for each name in the file. O(nodes). */
export function nameClasses(graph: HeapGraph): { names: string[]; classOf: Uint32Array } {
  const { nodeCount, nodeType, nodeName } = graph;
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const known = new Map<number, number>();
  const classOf = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const key = nodeName[node] * 256 + nodeType[node];
    let number = known.get(key);
    if (number === undefined) {
      const name = classNameOf(graph, node);
      number = numbers.get(name);
      if (number === undefined) numbers.set(name, (number = names.push(name) - 1));
      known.set(key, number);
    }
    classOf[node] = number;
  }
  return { names, classOf };
}

/** Counts and weighs the classes. O(nodes); 4 bytes a node stay. */
export function buildClassTable(heap: OpenedHeap, control: QueryControl): ClassTable {
  const { graph, retained } = heap;
  const { names, classOf } = nameClasses(graph);
  control.checkpoint();
  const objects = new Uint32Array(names.length);
  const shallowBytes = new Float64Array(names.length);
  const largest = new Uint32Array(names.length).fill(NO_NODE);
  for (let node = 0; node < graph.nodeCount; node++) {
    const number = classOf[node];
    objects[number]++;
    shallowBytes[number] += graph.nodeSelfSize[node];
    if (largest[number] === NO_NODE || retained[node] > retained[largest[number]]) largest[number] = node;
  }
  // A class's prototype is of the class by name only, and often larger than its instances.
  const isLocated = new Uint8Array(names.length);
  for (let row = 0; row < graph.locations.length; row += 4) {
    const node = graph.locations[row];
    const number = classOf[node];
    if (isLocated[number] === 1 && retained[node] <= retained[largest[number]]) continue;
    isLocated[number] = 1;
    largest[number] = node;
  }
  const retainedBytes = retainedByClass(heap, { classOf, classCount: names.length });
  return { names, classOf, objects, shallowBytes, retainedBytes, largest };
}
