/**
 * The way to each object that a person would tell: the cheapest path from the root, where named references cost little
 * and V8's and Node's plumbing costs much. Dijkstra's algorithm with Dial's buckets (R. Dial, CACM 12(11), 1969): costs
 * are small integers. O(edges).
 */
import { ownGlobalObject } from '../graph/global-objects.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { Start } from './module-scopes.ts';

/** A stop of a path, and the edge by which the path enters it. */
export interface Step {
  node: number;
  edge: number;
}

const MAX_COST = 60;
/** Costs are counted from here: 0 stands for what was not reached, so that memory of what nobody asks for is never touched. */
const NO_COST = 0;
const LEAST_COST = 1;

/**
 * The cheapest path from the root to any node. The search runs no further than it is asked: what is near the program's
 * modules is found at once, and a heap's last node costs O(edges), once.
 */
export class Routes {
  readonly #graph: HeapGraph;
  readonly #edgeCost: (from: number, edge: number) => number;
  readonly #nodeCost: (node: number) => number;
  /** The edge by which the path enters a node, plus one; 0 for the root, the starts and what is not reached. */
  readonly #enteredBy: Uint32Array;
  readonly #cost: Uint32Array;
  /** Nodes that wait to be left, by their cost modulo the number of buckets. */
  readonly #buckets: number[][] = Array.from({ length: MAX_COST + 1 }, () => []);
  #waiting = 0;
  #now = LEAST_COST;

  /**
   * `strangeness` is what the code of a function, instance or scope adds to the cost of a path through it, undefined
   * where it has none. Paths begin at
   * `starts`: at the root, and at the program's modules.
   */
  constructor(graph: HeapGraph, strangeness: (node: number) => number | undefined, starts: readonly Start[]) {
    this.#graph = graph;
    this.#edgeCost = edgeCosts(graph);
    this.#nodeCost = nodeCosts(graph, strangeness);
    this.#enteredBy = new Uint32Array(graph.nodeCount);
    this.#cost = new Uint32Array(graph.nodeCount);
    for (const start of starts) {
      const { node } = start;
      const cost = LEAST_COST + start.cost;
      if (this.#isWithin(node, cost)) continue;
      this.#cost[node] = cost;
      this.#buckets[cost].push(node);
      this.#waiting++;
    }
  }

  /** The path from a start to a node, both among its stops; the node alone where nothing holds it. */
  to(node: number): Step[] {
    this.#settle(node);
    const path: Step[] = [];
    for (let at = node; ;) {
      const entered = this.#enteredBy[at];
      path.push({ node: at, edge: Math.max(0, entered - 1) });
      if (entered === 0) return path.reverse();
      at = ownerOf(this.#graph.firstEdge, entered - 1);
    }
  }

  /** Goes on until the path to a node can change no more. */
  #settle(node: number): void {
    const buckets = this.#buckets;
    const length = buckets.length;
    while (this.#waiting > 0 && !this.#isWithin(node, this.#now)) {
      const bucket = buckets[this.#now % length];
      // Every edge costs at least one, so that nothing is added to the bucket at hand.
      for (const from of bucket) this.#leave(from);
      this.#waiting -= bucket.length;
      bucket.length = 0;
      this.#now++;
    }
  }

  /** Whether a way to a node is known that costs no more. */
  #isWithin(node: number, cost: number): boolean {
    return this.#cost[node] !== NO_COST && this.#cost[node] <= cost;
  }

  #leave(node: number): void {
    const { firstEdge, edgeTo, edgeIsStrong, edgeType, edgeTypes, nodeType, nodeTypes } = this.#graph;
    // A WeakMap's entry hangs on its key; who put it there is told by the map.
    const isTable = nodeType[node] === nodeTypes.array;
    const cost = this.#cost;
    const now = this.#now;
    if (cost[node] !== now) return; // it was reached at a lower cost, and left then
    const end = firstEdge[node + 1];
    for (let edge = firstEdge[node]; edge < end; edge++) {
      const to = edgeTo[edge];
      if (edgeIsStrong[edge] === 0 && !(isTable && edgeType[edge] === edgeTypes.internal && to !== node)) continue;
      const known = cost[to];
      if (known !== NO_COST && known <= now + 1) continue;
      const next = now + Math.max(1, Math.min(MAX_COST, this.#edgeCost(node, edge) + this.#nodeCost(to)));
      if (known !== NO_COST && next >= known) continue;
      cost[to] = next;
      this.#enteredBy[to] = edge + 1;
      this.#buckets[next % this.#buckets.length].push(to);
      this.#waiting++;
    }
  }
}

/** The node that an edge belongs to: the last whose first edge is not behind it. O(log nodes). */
function ownerOf(firstEdge: Uint32Array, edge: number): number {
  let low = 0;
  let high = firstEdge.length - 1; // firstEdge[low] <= edge < firstEdge[high]
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (firstEdge[middle] <= edge) low = middle;
    else high = middle;
  }
  return low;
}

/** A slot of a table, by its number, and an entry of a WeakMap, by a longer name that begins with one. */
const SLOT = 5;
const MOST_DIGITS = 16;
/** The way to a WeakMap's entry by its key. */
const BY_KEY = 20;
/** The scope of a function that is no code of anyone's: what a promise's resolving functions remember. */
const BUILT_IN_SCOPE = 10;
const CHEAP_INTERNAL = new Set(['table', 'elements', 'properties', 'context', 'backing_store', 'value']);
const CODE_INTERNAL =
  /^(shared|code|feedback_cell|initial_map|map|prototype_info|scope_info|constructor_or_back_pointer|dependent_code|function_data)$/;

function edgeCosts(graph: HeapGraph): (from: number, edge: number) => number {
  const { edgeTo, edgeType, edgeName, edgeTypes, strings, nodeType, nodeTypes } = graph;
  const ownGlobal = ownGlobalObject(graph);
  const costOfName = new Uint8Array(strings.length * 2); // 0: not yet known
  const named = (from: number, edge: number, property: boolean): number => {
    const key = edgeName[edge] * 2 + (property ? 1 : 0);
    let cost = costOfName[key];
    if (cost === 0) {
      // Slots of a table are named by numbers, each its own; nothing of what follows is.
      if (!property && strings.startsWithDigit(edgeName[edge])) {
        return nodeType[from] !== nodeTypes.array && strings.byteLength(edgeName[edge]) > MOST_DIGITS ? BY_KEY : SLOT;
      }
      const name = strings.get(edgeName[edge]);
      if (property) cost = name === '__proto__' ? 15 : name === 'constructor' || name === 'prototype' ? 6 : 1;
      else if (CHEAP_INTERNAL.has(name)) cost = 1;
      else cost = CODE_INTERNAL.test(name) ? 40 : name === 'previous' ? 3 : 5;
      costOfName[key] = cost;
    }
    return cost;
  };
  return (from, edge) => {
    const type = edgeType[edge];
    if (type === edgeTypes.context) return 1;
    if (type === edgeTypes.property) return named(from, edge, true);
    if (type === edgeTypes.element) return 1;
    if (type === edgeTypes.internal) return named(from, edge, false);
    // What the root refers to besides the program's own global object, V8 holds for a while, the program by other ways.
    if (type === edgeTypes.shortcut) return edgeTo[edge] === ownGlobal ? 1 : MAX_COST;
    return from === 0 ? 20 : 2;
  };
}

const SCOPE_NAME = 'system / Context';
const [IS_OTHER, IS_SCOPE] = [1, 2];

function nodeCosts(graph: HeapGraph, strangeness: (node: number) => number | undefined): (node: number) => number {
  const { nodeType, nodeTypes, strings, nodeName } = graph;
  const scopeNames = new Uint8Array(strings.length + 1); // 0: not yet known
  const isScope = (name: number): boolean => {
    if (scopeNames[name] === 0) scopeNames[name] = strings.is(name, SCOPE_NAME) ? IS_SCOPE : IS_OTHER;
    return scopeNames[name] === IS_SCOPE;
  };
  return (node) => {
    const type = nodeType[node];
    const { object, closure, hidden } = nodeTypes;
    // Scopes are objects, and hidden nodes in older versions.
    if ((type === object || type === hidden) && isScope(nodeName[node]))
      return 1 + (strangeness(node) ?? BUILT_IN_SCOPE);
    if (type === object || type === closure) return strangeness(node) ?? 0;
    if (type === nodeTypes.code || type === nodeTypes.objectShape) return 40;
    // Two of these (GC roots, stack roots) cost more than any way through the program's modules.
    if (type === nodeTypes.synthetic) return MAX_COST;
    if (type === nodeTypes.native) return 20;
    if (type === hidden) return strings.is(nodeName[node], 'system / NativeContext') ? 15 : 1;
    return 0;
  };
}
