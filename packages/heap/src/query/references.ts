/** What an object refers to, and what refers to it. */
import type { ObjectDetails, Page, Reference } from './answers.ts';
import { viewOf } from './object-view.ts';
import { heaviestPage } from './page.ts';
import type { QueriedHeap } from './queried-heap.ts';
import type { IdQuery } from './queries.ts';

/** An object and what it refers to, the heaviest first. */
export function describeObject(queried: QueriedHeap, query: IdQuery): ObjectDetails {
  const { graph, heap } = queried;
  const node = queried.nodeOf(query.id);
  const references = heaviestPage(
    range(graph.firstEdge[node], graph.firstEdge[node + 1]),
    (edge) => heap.retained[graph.edgeTo[edge]],
    query,
    (edge) => referenceOf(queried, node, edge, graph.edgeTo[edge]),
  );
  return { object: viewOf(queried, node), references };
}

/** What keeps an object alive by a reference of its own, the nearest to the program's globals first. */
export function retainersOf(queried: QueriedHeap, query: IdQuery): Page<Reference> {
  const { graph } = queried;
  const node = queried.nodeOf(query.id);
  return heaviestPage(
    range(graph.firstRetainer[node], graph.firstRetainer[node + 1]),
    (slot) => -(queried.distance(graph.retainerNode[slot]) ?? Infinity),
    query,
    (slot) => {
      const holder = graph.retainerNode[slot];
      return referenceOf(queried, holder, graph.retainerEdge[slot], holder);
    },
  );
}

function referenceOf(queried: QueriedHeap, from: number, edge: number, shown: number): Reference {
  const { graph, names } = queried;
  return {
    name: names.nameOf(from, edge),
    kind: graph.layout.edgeTypeNames[graph.edgeType[edge]],
    strong: graph.edgeIsStrong[edge] === 1,
    object: viewOf(queried, shown),
  };
}

function* range(from: number, to: number): Generator<number> {
  for (let at = from; at < to; at++) yield at;
}
