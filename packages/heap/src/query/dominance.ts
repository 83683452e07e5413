/** Who keeps whom: up and down the dominator tree, and what would be freed with an object. */
import { childrenOf, NO_NODE } from '../graph/dominators.ts';
import type { HeapObject, Page, RetainedSet } from './answers.ts';
import { viewOf } from './object-view.ts';
import { heaviestPage, pageOf } from './page.ts';
import type { QueryControl } from './control.ts';
import type { QueriedHeap } from './queried-heap.ts';
import type { IdQuery } from './queries.ts';

/** Objects that every way to this one goes through, the nearest first, the root last. */
export function dominatorsOf(queried: QueriedHeap, query: IdQuery): Page<HeapObject> {
  const { idom } = queried.heap.tree;
  const chain: number[] = [];
  for (let at = idom[queried.nodeOf(query.id)]; at !== NO_NODE; at = idom[at]) chain.push(at);
  return pageOf(chain, query, (node) => viewOf(queried, node));
}

/** Objects that this one is the nearest dominator of, the heaviest first. O(their number). */
export function dominatedBy(queried: QueriedHeap, query: IdQuery): Page<HeapObject> {
  const { tree, retained } = queried.heap;
  const node = queried.nodeOf(query.id);
  return heaviestPage(
    Uint32Array.from(childrenOf(tree, node)).sort(), // those that weigh the same come in the snapshot's order
    (child) => retained[child],
    query,
    (child) => viewOf(queried, child),
  );
}

/** What would be freed with an object, itself among it, by class. O(their number). */
export function retainedSetOf(queried: QueriedHeap, query: IdQuery, control: QueryControl): RetainedSet {
  const { tree, retained } = queried.heap;
  const { graph } = queried;
  const top = queried.nodeOf(query.id);
  const table = queried.classes(control);
  const objects = new Uint32Array(table.names.length);
  const bytes = new Float64Array(table.names.length);
  const sample = new Uint32Array(table.names.length).fill(NO_NODE);
  const start = tree.place[top];
  for (let at = start; at < tree.end[start]; at++) {
    if ((at & 0xffff) === 0) control.checkpoint();
    const node = tree.order[at];
    const number = table.classOf[node];
    objects[number]++;
    bytes[number] += graph.nodeSelfSize[node];
    if (sample[number] === NO_NODE || retained[node] > retained[sample[number]]) sample[number] = node;
  }
  const present = table.names.map((_, number) => number).filter((number) => objects[number] > 0);
  return {
    object: viewOf(queried, top),
    objects: tree.end[start] - start,
    bytes: retained[top],
    classes: heaviestPage(
      present,
      (number) => bytes[number],
      query,
      (number) => ({
        type: table.names[number],
        objects: objects[number],
        shallowBytes: bytes[number],
        sampleId: graph.nodeId[sample[number]],
      }),
    ),
  };
}
