/**
 * Strings that stand in the heap several times. V8 writes a text once, whichever nodes have it, so that equal strings
 * share the index of their name and nothing needs to be hashed or even read. Two things keep that from being the whole
 * truth: a text longer than the writer's limit (`--heap-snapshot-string-limit`, 1024 characters unless told otherwise)
 * is cut, so that different strings may share it; and a text may stand there in one byte a character and in two. Both
 * show in the size, so that strings count as equal where text and size are.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { DuplicatedString, DuplicatingReference, HeapContents } from './contents.ts';
import type { References } from './references.ts';

const MOST_GROUPS = 20;
const MOST_REFERENCES = 20;
const MOST_REFERENCES_OF_A_TEXT = 5;
/** Copies whose holders are looked at; where there are more, every second or third is, and counts for two or three. */
const COPIES_LOOKED_AT = 20_000;

/** Copies of one text in one size. */
interface Group {
  text: number;
  bytesEach: number;
  copies: number;
  firstNode: number;
}

/** Copies of one text that are held in one way. */
interface Held {
  node: number;
  copies: number;
}

/** Finds all texts that stand there more than once, and tells those that cost most. O(nodes + strings). */
export function describeDuplicatedStrings(
  { graph }: OpenedHeap,
  references: References,
): HeapContents['duplicatedStrings'] {
  const { groups, groupOf } = groupStrings(graph);
  const wasted = ({ copies, bytesEach }: Group): number => (copies - 1) * bytesEach;
  const held = holdersOf(graph, references, groups, groupOf);
  const labels = new Map<number, string>();
  const labelOf = (way: number, node: number): string => {
    let label = labels.get(way);
    if (label === undefined) labels.set(way, (label = references.labelOf(node)));
    return label;
  };
  const byReference = new Map<string, DuplicatingReference>();
  let wastedBytes = 0;
  groups.forEach((group, at) => {
    wastedBytes += wasted(group);
    const ofText = new Set<string>();
    for (const [way, { node, copies }] of held[at]) {
      const reference = labelOf(way, node);
      let entry = byReference.get(reference);
      if (!entry) byReference.set(reference, (entry = { reference, copies: 0, texts: 0, wastedBytes: 0 }));
      entry.copies += copies;
      entry.wastedBytes += Math.round((wasted(group) * copies) / group.copies);
      if (!ofText.has(reference)) entry.texts++;
      ofText.add(reference);
    }
  });
  const order = groups.map((_, at) => at).sort((a, b) => wasted(groups[b]) - wasted(groups[a]));
  return {
    wastedBytes,
    groups: order.slice(0, MOST_GROUPS).map((at): DuplicatedString => {
      const group = groups[at];
      const copiesBy = new Map<string, number>();
      for (const [way, { node, copies }] of held[at]) {
        const reference = labelOf(way, node);
        copiesBy.set(reference, (copiesBy.get(reference) ?? 0) + copies);
      }
      return {
        copies: group.copies,
        bytesEach: group.bytesEach,
        wastedBytes: wasted(group),
        heldBy: [...copiesBy]
          .map(([reference, copies]) => ({ reference, copies: Math.min(copies, group.copies) }))
          .sort((a, b) => b.copies - a.copies)
          .slice(0, MOST_REFERENCES_OF_A_TEXT),
        nodeId: graph.nodeId[group.firstNode],
        certain: isWhole(graph, group.firstNode),
      };
    }),
    references: [...byReference.values()].sort((a, b) => b.wastedBytes - a.wastedBytes).slice(0, MOST_REFERENCES),
  };
}

/** Groups of two or more, and the group of each string node, -1 for a single one. */
function groupStrings(graph: HeapGraph): { groups: Group[]; groupOf: Int32Array } {
  const { nodeCount, nodeType, nodeTypes, nodeName, nodeSelfSize, strings } = graph;
  const nodesOfText = new Uint32Array(strings.length);
  const isCounted = (node: number): boolean => nodeType[node] === nodeTypes.string && nodeSelfSize[node] > 0;
  for (let node = 0; node < nodeCount; node++) if (isCounted(node)) nodesOfText[nodeName[node]]++;
  const found: Group[] = [];
  const firstOfText = new Int32Array(strings.length).fill(-1);
  const furtherOfText = new Map<number, Map<number, number>>(); // by text and size, for texts in several sizes
  const groupOf = new Int32Array(nodeCount).fill(-1);
  for (let node = 0; node < nodeCount; node++) {
    const text = nodeName[node];
    if (nodesOfText[text] < 2 || !isCounted(node)) continue;
    const bytesEach = nodeSelfSize[node];
    let at: number | undefined = firstOfText[text];
    if (at >= 0 && found[at].bytesEach !== bytesEach) at = furtherOfText.get(text)?.get(bytesEach);
    if (at === undefined || at < 0) {
      const isFirst = at !== undefined;
      at = found.push({ text, bytesEach, copies: 0, firstNode: node }) - 1;
      if (isFirst) firstOfText[text] = at;
      else {
        const sizes = furtherOfText.get(text) ?? new Map<number, number>();
        furtherOfText.set(text, sizes.set(bytesEach, at));
      }
    }
    found[at].copies++;
    groupOf[node] = at;
  }
  const groups: Group[] = [];
  const place = found.map((group) => (group.copies > 1 ? groups.push(group) - 1 : -1));
  for (let node = 0; node < nodeCount; node++) if (groupOf[node] >= 0) groupOf[node] = place[groupOf[node]];
  return { groups, groupOf };
}

/** For each group, the ways in which its copies are held. One pass over the nodes. */
function holdersOf(
  { nodeCount }: HeapGraph,
  references: References,
  groups: Group[],
  groupOf: Int32Array,
): Map<number, Held>[] {
  let copies = 0;
  for (const group of groups) copies += group.copies;
  const stride = Math.max(1, Math.ceil(copies / COPIES_LOOKED_AT));
  const held = groups.map(() => new Map<number, Held>());
  let seen = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (groupOf[node] < 0 || seen++ % stride !== 0) continue;
    const ways = held[groupOf[node]];
    const way = references.wayOf(node);
    const entry = ways.get(way);
    if (entry) entry.copies += stride;
    else ways.set(way, { node, copies: stride });
  }
  return held;
}

/** Of a string on V8's heap, what is no text: map, hash and length, without and with compressed pointers. */
const HEADERS_BYTES = [16, 12];

/** Whether the snapshot has the whole text of a string: whether its size is that of the text, in one byte or in two. */
function isWhole(graph: HeapGraph, node: number): boolean {
  const { length } = graph.strings.get(graph.nodeName[node]);
  const size = graph.nodeSelfSize[node];
  return HEADERS_BYTES.some((header) =>
    [length, 2 * length].some((bytes) => Math.ceil((header + bytes) / 8) * 8 === size),
  );
}
