/**
 * Scopes that only a small closure keeps. All functions made in one scope share it, so that a small callback keeps every
 * variable that any of them uses, also the large one that it does not use itself; and the function that made the scope
 * has long returned. Found are scopes of functions whose only retainers are closures, one or a few, and scopes within
 * them. Scopes of modules are left out, of functions that still run (their generators or the stack hold them), and of
 * Node's own code.
 */
import { dominates } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { typeName } from '../naming/labels.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { KeptContext } from './contents.ts';
import { shortName } from './short-name.ts';
import { Stores } from './stores.ts';
import { toldPath } from './told-path.ts';
import { type Classing, NO_CLASS } from './retained-by-class.ts';

const MOST_CONTEXTS = 10;
const MOST_CLOSURES = 3;
const MOST_VARIABLES = 10;
/** Less than this in all, or this share of the heap, is not told. */
const LEAST_BYTES = 64 * 1024;
const LEAST_SHARE = 0.001;
/** Scopes within the scope that are looked through for closures. */
const MOST_SCOPES = 16;

/** Scopes that hold less than this are passed over, however many: they hold nothing but themselves and small things. */
const LEAST_BYTES_EACH = 256;

/** Scopes of one piece of code. */
interface Group {
  contexts: number;
  heaviest: number;
}

/** The scopes that only a few closures keep, sorted by the code that made them; without `classOf` where there are none. */
export interface KeptScopes extends Classing {
  groups: Group[];
}

/** Finds them among all contexts. O(their edges and retainers). */
export function findKeptScopes({ graph, retained }: OpenedHeap, contexts: readonly number[]): KeptScopes {
  const names = edgeNames(graph);
  const groups: Group[] = [];
  const groupOfScope = new Map<number, number>(); // scope info -> group
  const isOfFunction = functionScopes(graph, names);
  let classOf = new Uint32Array(0);
  for (const node of contexts) {
    if (retained[node] < LEAST_BYTES_EACH) continue;
    const info = isOfFunction(node);
    if (info < 0 || closuresOf(graph, names, node) === undefined) continue;
    let at = groupOfScope.get(info);
    if (at === undefined) groupOfScope.set(info, (at = groups.push({ contexts: 0, heaviest: node }) - 1));
    if (classOf.length === 0) classOf = new Uint32Array(graph.nodeCount).fill(NO_CLASS);
    classOf[node] = at;
    groups[at].contexts++;
    if (retained[node] > retained[groups[at].heaviest]) groups[at].heaviest = node;
  }
  return { groups, classOf, classCount: groups.length };
}

/**
 * Tells those that keep most. `retainedBytes`: what goes when all scopes of a group go, by group; scopes in a chain hold
 * each other, and what they keep counts once.
 */
export function describeKeptContexts(
  heap: OpenedHeap,
  { groups }: KeptScopes,
  retainedBytes: Float64Array,
): KeptContext[] {
  const names = edgeNames(heap.graph);
  const least = Math.max(LEAST_BYTES, heap.retained[0] * LEAST_SHARE);
  const told: KeptContext[] = [];
  const worst = groups
    .map((group, at) => ({ ...group, bytes: retainedBytes[at] }))
    .filter((group) => group.bytes >= least)
    .sort((a, b) => b.bytes - a.bytes);
  for (const group of worst) {
    const context = tellContext(heap, names, group);
    if (context) told.push(context);
    if (told.length === MOST_CONTEXTS) break;
  }
  return told;
}

function tellContext(heap: OpenedHeap, names: EdgeNames, group: Group & { bytes: number }): KeptContext | undefined {
  const { graph, locator, retained } = heap;
  // What it keeps by the scope around it is that scope's to tell.
  if (ownBytes(heap, names, group.heaviest) * 2 < retained[group.heaviest]) return undefined;
  const closures = closuresOf(graph, names, group.heaviest) ?? [];
  if (closures.every((closure) => isNodeInternal(locator.scriptName(closure)))) return undefined;
  return {
    retainedBytes: group.bytes,
    closures: closures.map((closure) => ({
      name: shortName(graph.strings.get(graph.nodeName[closure])) || 'anonymous function',
      location: locator.site(closure)?.location ?? null,
    })),
    variables: variablesOf(graph, group.heaviest)
      .map(({ name, node }) => ({
        name: shortName(name),
        type: shortName(typeName(graph, node)),
        retainedBytes: dominates(heap.tree, group.heaviest, node) ? retained[node] : 0,
      }))
      .sort((a, b) => b.retainedBytes - a.retainedBytes)
      .slice(0, MOST_VARIABLES),
    nodeId: graph.nodeId[group.heaviest],
    path: closures.length > 0 ? toldPath(heap, closures[0]) : [],
    contexts: group.contexts,
  };
}

/** What a scope retains without the scope that it stands in. */
function ownBytes({ graph, tree, retained }: OpenedHeap, names: EdgeNames, context: number): number {
  for (let edge = graph.firstEdge[context]; edge < graph.firstEdge[context + 1]; edge++) {
    const to = graph.edgeTo[edge];
    if (names.is(edge, 'previous') && tree.idom[to] === context) return retained[context] - retained[to];
  }
  return retained[context];
}

function variablesOf(graph: HeapGraph, context: number): { name: string; node: number }[] {
  const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, edgeIsStrong, strings } = graph;
  const found: { name: string; node: number }[] = [];
  for (let edge = firstEdge[context]; edge < firstEdge[context + 1]; edge++)
    if (edgeType[edge] === edgeTypes.context && edgeIsStrong[edge] === 1)
      found.push({ name: strings.get(edgeName[edge]), node: edgeTo[edge] });
  return found;
}

/** Slots of a context before its variables: its description and the scope around it; and a node's map and length. */
const SLOTS_BEFORE_VARIABLES = 4;

/**
 * Tells the description of a function's scope, -1 for the scopes of modules and scripts and for what has none. A function's
 * scope stands in another one, now or in the code, or the function has a name: that is behind the names of the variables.
 */
function functionScopes(graph: HeapGraph, names: EdgeNames): (context: number) => number {
  const { firstEdge, edgeTo, edgeType, edgeTypes, edgeName, nodeName, nodeType, nodeTypes, nodeSelfSize, strings } =
    graph;
  const pointerBytes = new Stores(graph).pointerBytes;
  const known = new Map<number, boolean>(); // by description
  const isFunctions = (info: number, variables: number): boolean => {
    for (let edge = firstEdge[info]; edge < firstEdge[info + 1]; edge++) {
      const to = edgeTo[edge];
      if (nodeType[to] === nodeTypes.code && to !== info) return true;
      const isName = edgeType[edge] === edgeTypes.hidden && edgeName[edge] === variables;
      if (isName && nodeType[to] === nodeTypes.string && strings.byteLength(nodeName[to]) > 0) return true;
    }
    return false;
  };
  return (context) => {
    let info = -1;
    let isInner = false;
    for (let edge = firstEdge[context]; edge < firstEdge[context + 1]; edge++) {
      if (names.is(edge, 'scope_info')) info = edgeTo[edge];
      else if (names.is(edge, 'previous') && names.isContext(edgeTo[edge])) isInner = true;
    }
    if (info < 0 || isInner) return info;
    let answer = known.get(info);
    if (answer === undefined) {
      answer = isFunctions(info, nodeSelfSize[context] / pointerBytes - SLOTS_BEFORE_VARIABLES);
      known.set(info, answer);
    }
    return answer ? info : -1;
  };
}

/** The closures that keep a context, through scopes within it; undefined where there are many, or anything else does. */
function closuresOf(graph: HeapGraph, names: EdgeNames, context: number): number[] | undefined {
  const { firstRetainer, retainerNode, retainerEdge, nodeType, nodeTypes } = graph;
  const closures: number[] = [];
  const scopes = [context];
  for (let at = 0; at < scopes.length; at++) {
    for (let slot = firstRetainer[scopes[at]]; slot < firstRetainer[scopes[at] + 1]; slot++) {
      const [owner, edge] = [retainerNode[slot], retainerEdge[slot]];
      if (nodeType[owner] === nodeTypes.closure && names.is(edge, 'context')) {
        if (closures.push(owner) > MOST_CLOSURES) return undefined;
      } else if (names.isContext(owner) && names.is(edge, 'previous')) {
        if (!scopes.includes(owner) && scopes.push(owner) > MOST_SCOPES) return undefined;
      } else return undefined;
    }
  }
  return closures.length > 0 ? closures : undefined;
}

/** Looks at names of edges and nodes without decoding each again. */
interface EdgeNames {
  is(edge: number, name: 'context' | 'previous' | 'scope_info'): boolean;
  isContext(node: number): boolean;
}

function edgeNames(graph: HeapGraph): EdgeNames {
  const { edgeType, edgeTypes, edgeName, nodeName, nodeType, nodeTypes, strings } = graph;
  const known = ['context', 'previous', 'scope_info', 'system / Context'];
  const kinds = new Int8Array(strings.length).fill(-1);
  const kindOf = (name: number): number => {
    if (kinds[name] === -1) kinds[name] = known.indexOf(strings.get(name)) + 1;
    return kinds[name];
  };
  return {
    is: (edge, name) => edgeType[edge] === edgeTypes.internal && kindOf(edgeName[edge]) === known.indexOf(name) + 1,
    isContext: (node) =>
      (nodeType[node] === nodeTypes.object || nodeType[node] === nodeTypes.hidden) && kindOf(nodeName[node]) === 4,
  };
}
