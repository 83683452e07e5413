/**
 * Where a program's own variables stand: the scopes of its modules. They are alive as long as the program is, so a path
 * that begins there says all that a person wants to know; how Node's loader holds a module is nobody's business.
 */
import type { DominatorTree } from '../graph/dominators.ts';
import { NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { StringTable } from '../parse/string-table.ts';
import { isNodeInternal, type Locator } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';

/** Where a path may begin, and what it costs to begin there. */
export interface Start {
  node: number;
  cost: number;
  /** Whether it is a module of the reader's own. */
  isOwn?: boolean;
}

const IN_PACKAGE = 4;
/** A module's record and its exports hold less than its scope does; both hold what no function closes over. */
const RECORD = 2;

/**
 * Scopes and records of modules that are not Node's own: contexts right below the global one, CommonJS modules and ES
 * modules' records; and `process`. A module of an installed package costs more, so that the reader's own comes first. O(nodes).
 */
export function moduleStarts(graph: HeapGraph, tree: DominatorTree, locator: Locator): Start[] {
  const { nodeCount, nodeName, nodeType, nodeTypes, strings } = graph;
  const starts: Start[] = [];
  const offer = (node: number, cost: number): void => {
    const script = locator.scriptName(node) ?? locator.moduleFile(node);
    if (isNodeInternal(script) || tree.idom[node] === NO_NODE) return;
    const isOwn = packageOf(script ?? '') === undefined;
    starts.push({ node, cost: cost + (isOwn ? 0 : IN_PACKAGE), isOwn });
  };
  const kinds = new Uint8Array(strings.length + 1); // by name; 0 where it is not known yet
  const isLikely = new Uint8Array(256); // by V8's type
  for (const type of [nodeTypes.object, nodeTypes.hidden, nodeTypes.code, nodeTypes.native]) isLikely[type] = 1;
  for (let node = 0; node < nodeCount; node++) {
    if (isLikely[nodeType[node]] === 0) continue;
    const name = nodeName[node];
    if (kinds[name] === 0) kinds[name] = kindOf(strings, name);
    const kind = kinds[name];
    if (kind === NOTHING) continue;
    if (kind === GLOBAL_SCOPE) for (const scope of scopesBelow(graph, node)) offer(scope, 0);
    else if (kind === PROCESS) {
      if (hasListeners(graph, node)) starts.push({ node, cost: RECORD });
    } else if (locator.moduleFile(node) !== undefined) offer(node, RECORD);
  }
  return starts;
}

const [NOTHING, GLOBAL_SCOPE, MODULE, PROCESS] = [1, 2, 3, 4];
const KINDS: [name: string, kind: number][] = [
  ['system / NativeContext', GLOBAL_SCOPE],
  ['Module', MODULE],
  ['system / SourceTextModule', MODULE],
  ['process', PROCESS],
];

function kindOf(strings: StringTable, name: number): number {
  // Asked of every class name that the heap has: nothing is allocated for it.
  for (let at = 0; at < KINDS.length; at++) if (strings.is(name, KINDS[at][0])) return KINDS[at][1];
  return NOTHING;
}

/** Everybody's emitter, `process`: the one object of that class with a table of listeners. */
function hasListeners({ firstEdge, edgeType, edgeTypes, edgeName, strings }: HeapGraph, node: number): boolean {
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] === edgeTypes.property && strings.get(edgeName[edge]) === '_events') return true;
  }
  return false;
}

/**
 * Contexts whose outer context is the global one: those of modules and scripts, and of functions that stand in a module
 * without a context of its own. A function that was called several times has several: those are no module's.
 */
function scopesBelow(graph: HeapGraph, nativeContext: number): number[] {
  const { firstRetainer, retainerNode, retainerEdge, edgeName, edgeType, edgeTypes, strings } = graph;
  const scopes = new Map<number, number>(); // by scope info: the one context, or -1 where there are several
  for (let slot = firstRetainer[nativeContext]; slot < firstRetainer[nativeContext + 1]; slot++) {
    const edge = retainerEdge[slot];
    if (edgeType[edge] !== edgeTypes.internal || strings.get(edgeName[edge]) !== 'previous') continue;
    const scope = retainerNode[slot];
    const info = internalTarget(graph, scope, 'scope_info');
    scopes.set(info, scopes.has(info) && info >= 0 ? -1 : scope);
  }
  return [...scopes.values()].filter((scope) => scope >= 0);
}

/** Whether a scope is an ES module's own. */
export function isModuleScope(graph: HeapGraph, node: number): boolean {
  if (graph.strings.get(graph.nodeName[node]) !== 'system / Context') return false;
  const extension = internalTarget(graph, node, 'extension');
  return extension >= 0 && graph.strings.get(graph.nodeName[extension]) === 'system / SourceTextModule';
}

/** The target of a node's internal edge of a name, or -1. */
export function internalTarget(
  { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings }: HeapGraph,
  node: number,
  name: string,
): number {
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] === edgeTypes.internal && strings.get(edgeName[edge]) === name) return edgeTo[edge];
  }
  return -1;
}
