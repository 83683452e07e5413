import type { ParsedSnapshot } from '../parse/parse-snapshot.ts';
import type { StringTable } from '../parse/string-table.ts';
import { nameBlockScopes } from './block-scopes.ts';
import { typesOf, type EdgeTypes, type NodeTypes } from './types.ts';

/** A snapshot's columns with its types by name and its adjacency in both directions. */
export interface HeapGraph extends ParsedSnapshot {
  nodeTypes: NodeTypes;
  edgeTypes: EdgeTypes;
  /** 1 where the edge keeps its target alive; 0 for the others, see {@link buildGraph}. */
  edgeIsStrong: Uint8Array;
  /** By ordinal: the id of the same object in all snapshots that are compared. V8's own, unless a child gave those. */
  objectId: Uint32Array;
  /** `firstRetainer[n]` to `firstRetainer[n + 1]` bound n's part of `retainerEdge` and `retainerNode`; strong edges only. */
  firstRetainer: Uint32Array;
  retainerNode: Uint32Array;
  retainerEdge: Uint32Array;
}

/**
 * Adds what every later step needs to the parsed columns. O(nodes + edges).
 *
 * Strong are the edges of DevTools' rule (front_end/entrypoints/heap_snapshot_worker, `computeIsEssentialEdge`), that is
 * all but weak ones; an object's edges to itself; shortcuts (V8 writes them beside the real way, for people; the root's
 * are real: they mark the program's global objects); and of the two edges that V8 writes for a WeakMap's entry, from the
 * table and from the key, the table's.
 */
export function buildGraph(parsed: ParsedSnapshot): HeapGraph {
  const { nodeTypes, edgeTypes } = typesOf(parsed.layout);
  nameBlockScopes(parsed, nodeTypes, edgeTypes);
  const { edgeIsStrong, retainerCount } = markStrongEdges(parsed, edgeTypes);
  const retainers = reverse(parsed, edgeIsStrong, retainerCount);
  return { ...parsed, nodeTypes, edgeTypes, edgeIsStrong, objectId: parsed.nodeId, ...retainers };
}

const EPHEMERON = /^\d+ \/ part of key \(.*? @\d+\) -> value \(.*? @\d+\) pair in WeakMap \(table @(\d+)\)$/s;

/** V8 cuts a formatted name after 1024 bytes; with escapes that may be six times as much in the file. */
const MAX_EPHEMERON_BYTES = 6 * 1024;
const MIN_EPHEMERON_BYTES = '0 / part of key ( @1) -> value ( @1) pair in WeakMap (table @1)'.length;

/** What a name was found to be. */
const UNKNOWN_NAME = 0;
const PLAIN_NAME = 1;
const EPHEMERON_NAME = 2;

function markStrongEdges(
  parsed: ParsedSnapshot,
  types: EdgeTypes,
): { edgeIsStrong: Uint8Array; retainerCount: Uint32Array } {
  const { edgeCount, edgeType, edgeName, edgeTo, firstEdge, nodeCount, nodeId, strings } = parsed;
  const { weak, shortcut, internal } = types;
  const edgeIsStrong = new Uint8Array(edgeCount);
  const retainerCount = new Uint32Array(nodeCount + 1); // one more: it becomes `firstRetainer`
  const kindOfName = new Uint8Array(strings.length);
  const tableOfName = new Map<number, number>(); // name of an ephemeron's edge -> id of the WeakMap's table
  // A function of its own: V8 compiles it after a few nodes, and would compile two nested loops again and again.
  const markEdgesOf = (node: number): void => {
    const end = firstEdge[node + 1];
    for (let edge = firstEdge[node]; edge < end; edge++) {
      const type = edgeType[edge];
      const to = edgeTo[edge];
      if (type === weak || to === node || (type === shortcut && node !== 0)) continue;
      if (type === internal && kindOfName[edgeName[edge]] !== PLAIN_NAME) {
        const name = edgeName[edge];
        if (kindOfName[name] === UNKNOWN_NAME) {
          const table = tableOfEphemeron(strings, name);
          kindOfName[name] = table === 0 ? PLAIN_NAME : EPHEMERON_NAME;
          if (table !== 0) tableOfName.set(name, table);
        }
        if (tableOfName.get(name) === nodeId[node]) continue;
      }
      edgeIsStrong[edge] = 1;
      retainerCount[to]++;
    }
  };
  for (let node = 0; node < nodeCount; node++) markEdgesOf(node);
  return { edgeIsStrong, retainerCount };
}

/** The id of the WeakMap's table in an edge's name, 0 where the name is no such one. */
function tableOfEphemeron(strings: StringTable, name: number): number {
  const bytes = strings.byteLength(name);
  if (bytes < MIN_EPHEMERON_BYTES || bytes > MAX_EPHEMERON_BYTES) return 0;
  return Number(EPHEMERON.exec(strings.get(name))?.[1] ?? 0);
}

/** Counting sort of the strong edges by their target; takes the counts over as `firstRetainer`. */
function reverse(
  { nodeCount, firstEdge, edgeTo }: ParsedSnapshot,
  edgeIsStrong: Uint8Array,
  firstRetainer: Uint32Array,
): Pick<HeapGraph, 'firstRetainer' | 'retainerNode' | 'retainerEdge'> {
  let strongCount = 0;
  // Counts become ends; filling backwards turns ends into starts.
  for (let node = 0; node <= nodeCount; node++) {
    strongCount += firstRetainer[node];
    firstRetainer[node] = strongCount;
  }
  const retainerNode = new Uint32Array(strongCount);
  const retainerEdge = new Uint32Array(strongCount);
  const takeEdgesOf = (node: number): void => {
    const start = firstEdge[node];
    for (let edge = firstEdge[node + 1] - 1; edge >= start; edge--) {
      if (edgeIsStrong[edge] === 0) continue;
      const to = edgeTo[edge];
      const slot = firstRetainer[to] - 1;
      firstRetainer[to] = slot;
      retainerNode[slot] = node;
      retainerEdge[slot] = edge;
    }
  };
  for (let node = nodeCount - 1; node >= 0; node--) takeEdgesOf(node);
  return { firstRetainer, retainerNode, retainerEdge };
}
