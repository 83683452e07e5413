/**
 * What has piled up since the first snapshot, and in whose hands.
 *
 * 1. Every object that the first snapshot lacks and that is still there belongs to the nearest old object above it in
 *    the dominator tree, its region's owner: if that went, it would go.
 * 2. The topmost new objects of a region are its members. A member that the owner references is held by the owner (a
 *    Map, an array, a listener list). One that is shared (a Map and an array hold it both, so that only what is above
 *    both dominates it) is held by the old object that holds most members of its kind. One that only other new objects
 *    hold goes with them.
 * 3. A chain (promises, listeners in a linked list, closures in closures) has one member, its newest or oldest link,
 *    and everything else below it; therefore what a member dominates is counted with it, by cohort.
 *
 * Backing stores are looked through: a Map's table is replaced when it grows, and is as old as its Map. O(edges).
 */
import type { DominatorTree } from '../graph/dominators.ts';
import { containerOf, isBackingStore } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';

/** What one old object holds of what is new. */
export interface Region {
  /** Ordinal of the holder. */
  holder: number;
  /** Ordinals of the topmost new objects that it holds. */
  members: number[];
  /** Those of them that it references itself; the others hang on those. */
  direct: number[];
  /** Objects by cohort, the members and all that they dominate. Index 0 is unused. */
  objects: number[];
  /** Their bytes by cohort. */
  bytes: number[];
}

/**
 * Whether a node is something that a program made, as opposed to V8's code, maps and bookkeeping. What has no size is
 * no object: small integers and the text of numbers, which V8 lists anew in each snapshot.
 */
function isProgramData(graph: HeapGraph, node: number): boolean {
  if (graph.nodeSelfSize[node] === 0) return false;
  const type = graph.nodeType[node];
  const types = graph.nodeTypes;
  return (
    type !== types.code &&
    type !== types.hidden &&
    type !== types.objectShape &&
    type !== types.synthetic &&
    type !== types.array
  );
}

/** Sums over the new part of each new node's subtree in the dominator tree, by cohort. */
interface SubtreeSums {
  objects: Float64Array[];
  bytes: Float64Array[];
}

/** Adds up, for every new node, the objects and bytes of each cohort that it dominates. O(nodes). */
function sumSubtrees(graph: HeapGraph, tree: DominatorTree, cohort: Uint8Array, steps: number): SubtreeSums {
  const { nodeCount, nodeSelfSize } = graph;
  const perStep = (): Float64Array[] =>
    Array.from({ length: steps + 1 }, (_, k) => new Float64Array(k === 0 ? 0 : nodeCount));
  const objects = perStep();
  const bytes = perStep();
  for (let at = tree.order.length - 1; at > 0; at--) {
    const node = tree.order[at];
    const born = cohort[node];
    if (born === 0) continue;
    if (isProgramData(graph, node)) objects[born][node]++;
    // What V8 made of a function that came along is part of what it costs.
    bytes[born][node] += nodeSelfSize[node];
    const above = tree.idom[node];
    if (cohort[above] === 0) continue;
    for (let k = 1; k <= steps; k++) {
      objects[k][above] += objects[k][node];
      bytes[k][above] += bytes[k][node];
    }
  }
  return { objects, bytes };
}

/** Finds all regions. See the head of this file. */
export function findRegions(graph: HeapGraph, tree: DominatorTree, cohort: Uint8Array, steps: number): Region[] {
  const sums = sumSubtrees(graph, tree, cohort, steps);
  const members = topmostMembers(graph, tree, cohort);
  const { holderOf, isDirect } = assignHolders(graph, tree, cohort, members);
  const regions = new Map<number, Region>();
  members.forEach((member, at) => {
    const holder = holderOf[at];
    let region = regions.get(holder);
    if (!region) {
      const zeros = (): number[] => new Array<number>(steps + 1).fill(0);
      region = { holder, members: [], direct: [], objects: zeros(), bytes: zeros() };
      regions.set(holder, region);
    }
    region.members.push(member);
    if (isDirect[at]) region.direct.push(member);
    // Code that V8 made for an old function comes with warm-up and says nothing of growth.
    const { nodeType, nodeTypes } = graph;
    const isCode = nodeType[member] === nodeTypes.code || nodeType[member] === nodeTypes.objectShape;
    for (let k = 1; k <= steps; k++) {
      region.objects[k] += sums.objects[k][member];
      if (!isCode) region.bytes[k] += sums.bytes[k][member];
    }
  });
  return [...regions.values()];
}

function topmostMembers(graph: HeapGraph, tree: DominatorTree, cohort: Uint8Array): number[] {
  const members: number[] = [];
  const lookedThrough = new Uint8Array(graph.nodeCount);
  for (let at = 1; at < tree.order.length; at++) {
    const node = tree.order[at];
    if (cohort[node] === 0) continue;
    const above = tree.idom[node];
    if (cohort[above] !== 0 && lookedThrough[above] === 0) continue;
    if (isBackingStore(graph, node)) lookedThrough[node] = 1;
    else if (graph.nodeSelfSize[node] > 0) members.push(node);
  }
  return members;
}

function assignHolders(
  graph: HeapGraph,
  tree: DominatorTree,
  cohort: Uint8Array,
  members: number[],
): { holderOf: Int32Array; isDirect: Uint8Array } {
  const { idom } = tree;
  const { firstRetainer, retainerNode } = graph;
  const positionOf = new Map<number, number>();
  members.forEach((member, at) => positionOf.set(member, at));

  /** The old objects that reference a member, directly or through a backing store. */
  const oldHolders = (member: number): number[] => {
    const found: number[] = [];
    for (let slot = firstRetainer[member]; slot < firstRetainer[member + 1] && found.length < 64; slot++) {
      const container = containerOf(graph, retainerNode[slot]);
      // V8's table of strings and its kind hold nothing in the program's name.
      if (container < 0 || graph.nodeType[container] === graph.nodeTypes.synthetic) continue;
      if (cohort[container] === 0 && !found.includes(container)) found.push(container);
    }
    return found;
  };
  const ownerOf = (member: number): number => {
    let at = idom[member];
    while (cohort[at] !== 0) at = idom[at];
    const container = containerOf(graph, at);
    return container >= 0 ? container : at;
  };

  const holdersOf = members.map(oldHolders);
  const popularity = new Map<number, number>();
  for (const holders of holdersOf)
    for (const holder of holders) popularity.set(holder, (popularity.get(holder) ?? 0) + 1);

  const assigned = new Int32Array(members.length).fill(-1);
  const isDirect = new Uint8Array(members.length);
  const queue: number[] = [];
  members.forEach((member, at) => {
    const holders = holdersOf[at];
    if (holders.length === 0) return;
    const owner = ownerOf(member);
    let best = holders[0];
    for (const holder of holders) if ((popularity.get(holder) ?? 0) > (popularity.get(best) ?? 0)) best = holder;
    assigned[at] = holders.includes(owner) ? owner : best;
    isDirect[at] = 1;
    queue.push(at);
  });

  // What only new objects hold goes with the member that reaches it first.
  const topmost = (node: number): number => {
    let at = node;
    while (!positionOf.has(at)) {
      if (cohort[at] === 0) return -1;
      at = idom[at];
    }
    return positionOf.get(at) as number;
  };
  const heldBy = new Map<number, number[]>(); // position of a member -> positions of members that something in it references
  members.forEach((member, at) => {
    if (assigned[at] >= 0) return;
    for (let slot = firstRetainer[member]; slot < firstRetainer[member + 1]; slot++) {
      const retainer = retainerNode[slot];
      if (cohort[retainer] === 0) continue;
      const by = topmost(retainer);
      if (by < 0 || by === at) continue;
      const list = heldBy.get(by);
      if (list) list.push(at);
      else heldBy.set(by, [at]);
    }
  });
  for (let head = 0; head < queue.length; head++) {
    for (const at of heldBy.get(queue[head]) ?? []) {
      if (assigned[at] >= 0) continue;
      assigned[at] = assigned[queue[head]];
      queue.push(at);
    }
  }
  members.forEach((member, at) => {
    if (assigned[at] < 0) assigned[at] = ownerOf(member);
  });
  return { holderOf: assigned, isDirect };
}
