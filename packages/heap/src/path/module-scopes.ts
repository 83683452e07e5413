/**
 * Where a program's own variables stand: the scopes of its modules. They are alive as long as the program is, so a path
 * that begins there says all that a person wants to know; how Node's loader holds a module is nobody's business.
 */
import type { DominatorTree } from '../graph/dominators.ts';
import { NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { isNodeInternal, type Locator } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';

/** Where a path may begin, and what it costs to begin there. */
export interface Start {
  node: number;
  cost: number;
}

const IN_PACKAGE = 4;
/** A module's record and its exports hold less than its scope does; both hold what no function closes over. */
const RECORD = 2;

/**
 * Scopes and records of modules that are not Node's own: contexts right below the global one, CommonJS modules and ES
 * modules' records. A module of an installed package costs more, so that the reader's own comes first. O(nodes).
 */
export function moduleStarts(graph: HeapGraph, tree: DominatorTree, locator: Locator): Start[] {
  const { nodeCount, nodeName, nodeType, nodeTypes } = graph;
  const starts: Start[] = [];
  const offer = (node: number, cost: number): void => {
    const script = locator.scriptName(node) ?? locator.moduleFile(node);
    if (isNodeInternal(script) || tree.idom[node] === NO_NODE) return;
    starts.push({ node, cost: cost + (packageOf(script ?? '') === undefined ? 0 : IN_PACKAGE) });
  };
  const kinds = kindsByName(graph);
  for (let node = 0; node < nodeCount; node++) {
    const kind = kinds[nodeName[node]];
    if (kind === 0 || nodeType[node] === nodeTypes.string || nodeType[node] === nodeTypes.closure) continue;
    if (kind === GLOBAL_SCOPE) for (const scope of scopesBelow(graph, node)) offer(scope, 0);
    else if (locator.moduleFile(node) !== undefined) offer(node, RECORD);
  }
  return starts;
}

const GLOBAL_SCOPE = 1;
const KINDS = new Map([
  ['system / NativeContext', GLOBAL_SCOPE],
  ['Module', 2],
  ['system / SourceTextModule', 2],
]);

/** By string index: what an object of that name may be, 0 where it is nothing of interest. */
function kindsByName({ strings }: HeapGraph): Uint8Array {
  const kinds = new Uint8Array(strings.length + 1);
  const lengths = new Set([...KINDS.keys()].map((name) => name.length));
  for (let at = 0; at < strings.length; at++) {
    if (lengths.has(strings.byteLength(at))) kinds[at] = KINDS.get(strings.get(at)) ?? 0;
  }
  return kinds;
}

/** Contexts whose outer context is the global one: those of modules and scripts. */
function scopesBelow(graph: HeapGraph, nativeContext: number): number[] {
  const { firstRetainer, retainerNode, retainerEdge, edgeName, edgeType, edgeTypes, strings } = graph;
  const scopes: number[] = [];
  for (let slot = firstRetainer[nativeContext]; slot < firstRetainer[nativeContext + 1]; slot++) {
    const edge = retainerEdge[slot];
    if (edgeType[edge] !== edgeTypes.internal || strings.get(edgeName[edge]) !== 'previous') continue;
    scopes.push(retainerNode[slot]);
  }
  return scopes;
}
