/**
 * One snapshot: what dominates it. The accumulation points of the dominator tree, as Eclipse MAT's leak suspects are:
 * objects that hold a good part of the heap while no single thing below them does. Growth can't be seen, so nothing here
 * is more than a suspect.
 */
import { containerOf, isBackingStore } from '../graph/containers.ts';
import { type DominatorTree, NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { classKey } from '../growth/growth.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Finding } from './finding.ts';
import { sampleName, tellHolder } from './tell-growth.ts';
import { humanBytes, titleOf } from './title.ts';

const LEAST_SHARE = 0.05;
const LEAST_BYTES = 256 * 1024;
const LEAST_CHILDREN = 16;
const MOST_SUSPECTS = 5;

/** Finds the objects that dominate the heap, the heaviest first. */
export function findDominating(heap: OpenedHeap): Finding[] {
  const { graph, retained, tree } = heap;
  const least = Math.max(LEAST_BYTES, retained[0] * LEAST_SHARE);
  const fan = fanOut(graph, tree, retained);
  const suspects: number[] = [];
  for (const node of tree.order) {
    if (retained[node] < least || isBackingStore(graph, node) || graph.nodeType[node] !== graph.nodeTypes.object)
      continue;
    if (graph.strings.get(graph.nodeName[node]) === 'global') continue;
    if (fan.children[node] >= LEAST_CHILDREN && fan.heaviest[node] < retained[node] / 2) suspects.push(node);
  }
  suspects.sort((a, b) => retained[b] - retained[a]);
  const findings = suspects.slice(0, MOST_SUSPECTS).map((holder) => {
    const { type, sample, count } = mostOf(graph, tree, retained, holder);
    const share = `${((retained[holder] / retained[0]) * 100).toFixed(0)} % of the heap`;
    const told = tellHolder(heap, holder, sample, type, (node, isHolder) =>
      isHolder ? `holds ${share}` : node === sample ? 'one of what it holds' : `holds ${humanBytes(retained[node])}`,
    );
    const finding = {
      ...told,
      verdict: 'suspect' as const,
      reason: `it holds ${share} in many pieces; one snapshot can't show whether it grows`,
      sample: { type: sampleName(type), count },
    };
    return { ...finding, title: titleOf(finding) };
  });
  return findings.filter((finding) => !finding.holder.location?.file.startsWith('node:'));
}

/** For each object, the children that it dominates (through its backing stores) and the heaviest of them. */
function fanOut(
  graph: HeapGraph,
  tree: DominatorTree,
  retained: Float64Array,
): { children: Uint32Array; heaviest: Float64Array } {
  const children = new Uint32Array(graph.nodeCount);
  const heaviest = new Float64Array(graph.nodeCount);
  for (const node of tree.order) {
    if (isBackingStore(graph, node) || tree.idom[node] === NO_NODE) continue;
    const holder = containerOf(graph, tree.idom[node]);
    if (holder < 0) continue;
    children[holder]++;
    if (retained[node] > heaviest[holder]) heaviest[holder] = retained[node];
  }
  return { children, heaviest };
}

function mostOf(
  graph: HeapGraph,
  tree: DominatorTree,
  retained: Float64Array,
  holder: number,
): { type: string; sample: number; count: number } {
  const counts = new Map<string, { sample: number; count: number; bytes: number }>();
  for (const node of tree.order) {
    if (isBackingStore(graph, node) || tree.idom[node] === NO_NODE || containerOf(graph, tree.idom[node]) !== holder)
      continue;
    const key = classKey(graph, node);
    const entry = counts.get(key);
    if (entry) {
      entry.count++;
      entry.bytes += retained[node];
    } else counts.set(key, { sample: node, count: 1, bytes: retained[node] });
  }
  let best: { type: string; sample: number; count: number; bytes: number } | undefined;
  for (const [type, entry] of counts) if (!best || entry.bytes > best.bytes) best = { type, ...entry };
  return best ?? { type: 'Object', sample: holder, count: 0 };
}
