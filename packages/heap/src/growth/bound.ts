import { containerOf } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { EarlierSnapshot } from './cohorts.ts';
import type { Region } from './regions.ts';

/** An array shorter than this is no table of slots. */
const LEAST_SLOTS = 16;

/**
 * Arrays that were given their length from the start and never another: `new Array(max).fill()`, ring buffers, slot
 * tables. Told by the number of their elements, which stays the same in all snapshots while the content changes.
 */
export function fixedLengthArrays(
  graph: HeapGraph,
  elements: Uint32Array,
  cohort: Uint8Array,
  earlier: EarlierSnapshot[],
): Set<number> {
  const found = new Set<number>();
  for (let node = 0; node < graph.nodeCount; node++) {
    if (cohort[node] !== 0 || elements[node] < LEAST_SLOTS) continue;
    const same = earlier.every((snapshot) => {
      const at = snapshot.index.get(graph.objectId[node]);
      return at >= 0 && snapshot.elements[at] === elements[node];
    });
    if (same) found.add(node);
  }
  return found;
}

const SHARE_WITHIN = 0.9;
const MEMBERS_LOOKED_AT = 4000;

/** Whether nearly all members stand in slots of fixed number too, whatever else holds them. */
export function heldWithinBound(graph: HeapGraph, region: Region, fixed: ReadonlySet<number>): boolean {
  if (fixed.size === 0) return false;
  const { firstRetainer, retainerNode } = graph;
  const stride = Math.max(1, Math.floor(region.members.length / MEMBERS_LOOKED_AT));
  let seen = 0;
  let within = 0;
  for (let at = 0; at < region.members.length; at += stride) {
    const member = region.members[at];
    seen++;
    for (let slot = firstRetainer[member]; slot < firstRetainer[member + 1]; slot++) {
      const container = containerOf(graph, retainerNode[slot]);
      if (container >= 0 && fixed.has(container)) {
        within++;
        break;
      }
    }
  }
  return within >= seen * SHARE_WITHIN;
}
