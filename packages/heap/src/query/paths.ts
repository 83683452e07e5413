/** Ways to an object: the one a person would tell, and the shortest. */
import { NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { sampleName, tellHolder } from '../finding/tell-growth.ts';
import { classNameOf } from './class-name.ts';
import type { ObjectPath, PathStop, ShortestPath } from './answers.ts';
import { viewOf } from './object-view.ts';
import type { QueryControl } from './control.ts';
import type { QueriedHeap } from './queried-heap.ts';

/** The way that findings tell, from the reader's own code to the object, and the lines around what holds it. */
export function pathTo(queried: QueriedHeap, { id }: { id: number }): ObjectPath {
  const node = queried.nodeOf(id);
  const { heap, graph } = queried;
  const object = viewOf(queried, node);
  const route = heap.routes.to(node);
  const rawStops = (steps: { node: number; edge: number }[]): PathStop[] =>
    steps.map((step) => stopOf(queried, step.node, step.edge, route[route.indexOf(step) - 1]?.node ?? NO_NODE));
  const told = nearestTold(queried, route);
  if (told === undefined) {
    // Nothing but V8's own on the way: there is no story to tell.
    const stops = rawStops(route.slice(-MOST_RAW_STOPS));
    return { object, subject: object.type, kind: 'other', stops, insertedAt: null, removedAt: null };
  }
  const found = tellHolder(heap, told.node, told.node, sampleName(classNameOf(graph, told.node)), () => '');
  const stops: PathStop[] = [];
  for (const place of found.path) {
    if (place.nodeId === undefined) continue;
    const { nodeId, type, name, edge, location } = place;
    stops.push({ id: nodeId, type, name, edge, location, retainedBytes: heap.retained[queried.nodeOf(nodeId)] });
    if (nodeId === graph.nodeId[told.node]) break;
  }
  stops.push(...rawStops(route.slice(route.indexOf(told) + 1).slice(-MOST_RAW_STOPS)));
  const { subject, kind, insertedAt, removedAt, package: installed, reachedFrom } = found;
  return {
    object,
    subject,
    kind,
    stops,
    insertedAt,
    removedAt,
    ...(installed === undefined ? {} : { package: installed }),
    ...(reachedFrom === undefined ? {} : { reachedFrom }),
  };
}

/** V8's own between what a story tells and the object: stores, mostly one or two. */
const MOST_RAW_STOPS = 6;

/** The object itself, or the nearest one above it that a story tells: stores and V8's own are looked through. */
function nearestTold(
  { heap }: QueriedHeap,
  route: { node: number; edge: number }[],
): { node: number; edge: number } | undefined {
  return route.findLast(({ node }) => {
    return heap.teller.tell(node, node).stops.some((stop) => stop.node === node);
  });
}

const MOST_STOPS_AT_AN_END = 50;

/**
 * The fewest strong references from the root, past V8's own groups of roots where there is such a way. Breadth first
 * from the object upwards. O(edges) at worst; 8 bytes a node meanwhile.
 */
export function shortestPathTo(queried: QueriedHeap, { id }: { id: number }, control: QueryControl): ShortestPath {
  const node = queried.nodeOf(id);
  const steps = wayUp(queried.graph, node, true, control) ?? wayUp(queried.graph, node, false, control) ?? [];
  const kept =
    steps.length <= 2 * MOST_STOPS_AT_AN_END
      ? steps
      : [...steps.slice(0, MOST_STOPS_AT_AN_END), ...steps.slice(-MOST_STOPS_AT_AN_END)];
  return {
    stops: kept.map((step) => stopOf(queried, step.node, step.edge, step.from)),
    length: Math.max(0, steps.length - 1),
    omitted: steps.length - kept.length,
  };
}

interface Step {
  node: number;
  edge: number;
  from: number;
}

/** The stops from the root to a node; undefined where nothing strong leads there. */
function wayUp(
  graph: HeapGraph,
  target: number,
  pastGroups: boolean,
  control: QueryControl,
): { node: number; edge: number; from: number }[] | undefined {
  const { firstRetainer, retainerNode, retainerEdge, nodeType, nodeTypes, nodeCount } = graph;
  const below = new Uint32Array(nodeCount).fill(NO_NODE);
  const slotOf = new Uint32Array(nodeCount);
  const queue = [target];
  below[target] = target;
  for (let at = 0; at < queue.length && below[0] === NO_NODE; at++) {
    if ((at & 0xffff) === 0) control.checkpoint();
    const node = queue[at];
    for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
      const from = retainerNode[slot];
      if (below[from] !== NO_NODE || (pastGroups && from !== 0 && nodeType[from] === nodeTypes.synthetic)) continue;
      below[from] = node;
      slotOf[from] = slot;
      queue.push(from);
    }
  }
  if (below[0] === NO_NODE) return undefined;
  const steps: Step[] = [{ node: 0, edge: 0, from: NO_NODE }];
  for (let at = 0; at !== target; at = below[at]) {
    steps.push({ node: below[at], edge: retainerEdge[slotOf[at]], from: at });
  }
  return steps;
}

function stopOf(queried: QueriedHeap, node: number, edge: number, from: number): PathStop {
  const { graph, heap } = queried;
  const type = classNameOf(graph, node);
  const label = from === NO_NODE ? '' : queried.names.nameOf(from, edge);
  return {
    id: graph.nodeId[node],
    type,
    name: label === '' || label.startsWith('[') ? type : label,
    edge: label,
    location: heap.locator.site(node)?.location ?? null,
    retainedBytes: heap.retained[node],
  };
}
