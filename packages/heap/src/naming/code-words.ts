import type { HeapGraph } from '../graph/heap-graph.ts';

const LONGEST_WORD_BYTES = 80;

/**
 * The words of the program's code: strings that the constant pools of compiled functions hold. A property that code
 * names stands there; a key that is data does not. They are gathered when one is asked for: O(nodes).
 */
export class CodeWords {
  readonly #graph: HeapGraph;
  #words: ReadonlySet<string> | undefined;

  constructor(graph: HeapGraph) {
    this.#graph = graph;
  }

  /** Whether compiled code says this word. */
  has(word: string): boolean {
    this.#words ??= gather(this.#graph);
    return this.#words.has(word);
  }
}

function gather({ nodeCount, nodeType, nodeTypes, nodeName, firstEdge, edgeTo, strings }: HeapGraph): Set<string> {
  const words = new Set<string>();
  const isTaken = new Uint8Array(strings.length);
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== nodeTypes.code || !strings.is(nodeName[node], '(constant pool)')) continue;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      const name = nodeName[to];
      if (nodeType[to] !== nodeTypes.string || isTaken[name] === 1) continue;
      isTaken[name] = 1;
      if (strings.byteLength(name) <= LONGEST_WORD_BYTES) words.add(strings.get(name));
    }
  }
  return words;
}
