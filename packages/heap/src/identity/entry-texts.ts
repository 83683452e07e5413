/**
 * Texts that are keys of a map's entries, as numbers. V8 keeps what was put together of parts as a tree of them until somebody
 * needs the whole (`crypto.randomUUID()` gives such), and as one string later: both are the same text.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';

type Texts = Pick<
  HeapGraph,
  'nodeType' | 'nodeTypes' | 'nodeName' | 'firstEdge' | 'edgeType' | 'edgeTypes' | 'edgeName' | 'edgeTo' | 'strings'
>;

/** Keys are short: longer texts are not read. */
const MOST_BYTES = 1024;
const MOST_PARTS = 256;

/** The keys of one snapshot's entries, each worked out once until `clear`. */
export class EntryTexts {
  readonly #graph: Texts;
  readonly #known = new Map<number, number>();

  constructor(graph: Texts) {
    this.#graph = graph;
  }

  clear(): void {
    this.#known.clear();
  }

  isText(node: number): boolean {
    const { nodeType, nodeTypes } = this.#graph;
    return nodeType[node] === nodeTypes.string || nodeType[node] === nodeTypes.concatenatedString;
  }

  /** A number of 53 bits that equal texts have in every snapshot; -1 where the text is not known, or too long. */
  keyOf(node: number): number {
    let key = this.#known.get(node);
    if (key === undefined) {
      const text = this.#textOf(node);
      this.#known.set(node, (key = text === null ? -1 : hash53(text)));
    }
    return key;
  }

  #textOf(whole: number): string | null {
    const { nodeType, nodeTypes, nodeName, strings } = this.#graph;
    let text = '';
    const parts = [whole];
    for (let seen = 0, node = parts.pop(); node !== undefined; seen++, node = parts.pop()) {
      const isFlat = nodeType[node] === nodeTypes.string;
      if (seen === MOST_PARTS || !(isFlat || nodeType[node] === nodeTypes.concatenatedString)) return null;
      if (!isFlat) {
        // The second below the first: that is read next.
        parts.push(...this.#partsOf(node).reverse());
        continue;
      }
      const index = nodeName[node];
      if (strings.isLost(index) || strings.byteLength(index) > MOST_BYTES - text.length) return null;
      text += strings.get(index);
    }
    return text;
  }

  #partsOf(node: number): number[] {
    const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings } = this.#graph;
    const parts: number[] = [];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== edgeTypes.internal) continue;
      if (strings.is(edgeName[edge], 'first')) parts[0] = edgeTo[edge];
      else if (strings.is(edgeName[edge], 'second')) parts[1] = edgeTo[edge];
    }
    return parts.filter((part) => part !== undefined);
  }
}

/** Two FNV-1a hashes of the UTF-16 units, with other beginnings and another mixing of the second. */
function hash53(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + at), 0x85ebca6b);
  }
  return ((high ^ (high >>> 13)) >>> 11) * 2 ** 32 + ((low ^ (low >>> 15)) >>> 0);
}
