/**
 * One snapshot: what dominates it. The accumulation points of the dominator tree, as Eclipse MAT's leak suspects are:
 * objects that hold a good part of the heap while no single thing below them does. Growth can't be seen, so nothing here
 * is more than a suspect.
 */
import { classKey } from '../graph/class-key.ts';
import { isText } from '../graph/texts.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Finding } from './finding.ts';
import { sampleName, tellHolder } from './tell-growth.ts';
import { humanBytes, titleOf } from './title.ts';

const LEAST_SHARE = 0.05;
const LEAST_BYTES = 256 * 1024;
const LEAST_CHILDREN = 16;
const MOST_SUSPECTS = 5;

/** Finds the objects that dominate the heap, the heaviest first. O(nodes). */
export function findDominating(heap: OpenedHeap): Finding[] {
  const { graph, retained } = heap;
  const least = Math.max(LEAST_BYTES, retained[0] * LEAST_SHARE);
  const heavy = new Map<number, Parts>();
  for (let node = 1; node < graph.nodeCount; node++) {
    if (retained[node] < least || graph.nodeType[node] !== graph.nodeTypes.object) continue;
    if (graph.strings.get(graph.nodeName[node]) !== 'global') heavy.set(node, { children: 0, heaviestBytes: 0 });
  }
  for (const [holder, parts] of heavy) {
    forEachPart(heap, holder, (part) => {
      parts.children++;
      parts.heaviestBytes = Math.max(parts.heaviestBytes, retained[part]);
    });
  }
  const suspects = [...heavy]
    .filter(([holder, parts]) => parts.children >= LEAST_CHILDREN && parts.heaviestBytes < retained[holder] / 2)
    .map(([holder]) => holder)
    .sort((a, b) => retained[b] - retained[a])
    .slice(0, MOST_SUSPECTS);
  const most = mostOf(heap, suspects);
  const findings = suspects.map((holder) => {
    const { type, sample, count } = most.get(holder) ?? { type: 'Object', sample: holder, count: 0 };
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

/** What an object dominates directly, or through its backing stores. */
interface Parts {
  children: number;
  heaviestBytes: number;
}

/** Visits each object that `holder` dominates directly or through backing stores. O(their number). */
function forEachPart(
  { graph, tree: { order, end, place } }: OpenedHeap,
  holder: number,
  visit: (part: number) => void,
): void {
  const { nodeType, nodeTypes } = graph;
  const start = place[holder];
  for (let at = start + 1; at < end[start];) {
    // A backing store is part of its object: what it dominates comes next.
    const isStore = nodeType[order[at]] === nodeTypes.array;
    if (!isStore) visit(order[at]);
    at = isStore ? at + 1 : end[at];
  }
}

/** Objects of one class among what a holder has. */
interface Kind {
  sample: number;
  count: number;
  bytes: number;
}

/** The class that most of each holder's bytes belong to, and one of it. */
function mostOf(
  heap: OpenedHeap,
  holders: readonly number[],
): Map<number, { type: string; sample: number; count: number }> {
  const most = new Map<number, { type: string; sample: number; count: number }>();
  for (const holder of holders) {
    const [heaviest] = [...classesIn(heap, holder)].sort(([, a], [, b]) => b.bytes - a.bytes);
    if (heaviest) most.set(holder, { type: heaviest[0], sample: heaviest[1].sample, count: heaviest[1].count });
  }
  return most;
}

function classesIn(heap: OpenedHeap, holder: number): Map<string, Kind> {
  const { graph, retained } = heap;
  const { nodeType, nodeName } = graph;
  const kinds = new Map<number, Kind>(); // by type and name, which a class is made of: told in words but once
  forEachPart(heap, holder, (part) => {
    const type = nodeType[part];
    // The name of a string is its text.
    const key = isText(graph, part) ? type : nodeName[part] * 256 + type;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { sample: part, count: 1, bytes: retained[part] });
    else {
      kind.count++;
      kind.bytes += retained[part];
    }
  });
  const classes = new Map<string, Kind>();
  for (const kind of kinds.values()) {
    const key = classKey(graph, kind.sample);
    const known = classes.get(key);
    if (known === undefined) classes.set(key, kind);
    else {
      known.count += kind.count;
      known.bytes += kind.bytes;
    }
  }
  return classes;
}
