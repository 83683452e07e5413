/** An object as an answer tells it. */
import { classNameOf } from './class-name.ts';
import type { HeapObject } from './answers.ts';
import type { QueriedHeap } from './queried-heap.ts';

const LONGEST_TEXT = 200;
/** Farther from the program's globals, in a long chain, a name is not worth the walk. */
const DEEPEST_NAMED = 400;

/** Tells a node. */
export function viewOf(queried: QueriedHeap, node: number): HeapObject {
  const { heap, graph } = queried;
  const text = queried.allowStrings && graph.nodeType[node] === graph.nodeTypes.string;
  return {
    id: graph.nodeId[node],
    type: classNameOf(graph, node),
    kind: graph.layout.nodeTypeNames[graph.nodeType[node]],
    name: nameOf(queried, node),
    shallowBytes: graph.nodeSelfSize[node],
    retainedBytes: heap.retained[node],
    distance: queried.distance(node),
    location: heap.locator.site(node)?.location ?? null,
    ...(text ? { text: clipped(graph.strings.get(graph.nodeName[node])) } : {}),
  };
}

/** The variable or property that holds a node, on the way that a person would tell. */
function nameOf(queried: QueriedHeap, node: number): string | null {
  const distance = queried.distance(node);
  if (distance === null || distance > DEEPEST_NAMED) return null;
  const stop = queried.heap.teller.tell(node, node).stops.find((candidate) => candidate.node === node);
  if (stop === undefined || stop.edge === '' || stop.edge.startsWith('[') || stop.edge === 'context') return null;
  return stop.edge;
}

function clipped(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
