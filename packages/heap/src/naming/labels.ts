import { classKey } from '../graph/class-key.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';

/** An object with more own named references than this may be a dictionary. */
const DICTIONARY_KEYS = 48;
const IDENTIFIER = /^[#A-Za-z_$][\w$]{0,63}$/;
/** Long runs of digits or hexadecimal digits are ids, not names. */
const LOOKS_LIKE_DATA = /\d{5,}|[0-9a-f]{16,}/i;

/** What a person would call the reference behind an edge; `[key]` and `[]` where the name is data. */
export function edgeLabel(
  graph: HeapGraph,
  from: number,
  edge: number,
  isDictionary: (node: number) => boolean,
): string {
  const type = graph.edgeType[edge];
  const types = graph.edgeTypes;
  if (type === types.element || type === types.hidden) return '[]';
  const name = graph.strings.get(graph.edgeName[edge]);
  if (type === types.property) {
    const symbol = /^<symbol (.*)>$/.exec(name);
    if (symbol) return IDENTIFIER.test(symbol[1].replaceAll('.', '')) ? symbol[1] : '[symbol]';
    if (isDictionary(from) || LOOKS_LIKE_DATA.test(name)) return '[key]';
    return IDENTIFIER.test(name) || isEventTable(graph, from) ? name : '[key]';
  }
  if (type === types.internal) {
    if (/^\d+ \/ part of key /.test(name)) return '[weak key]';
    if (/^\d+$/.test(name)) return '[]';
  }
  return name;
}

/** A table of listeners by event: event names are the program's words, whatever characters they hold. */
function isEventTable(graph: HeapGraph, node: number): boolean {
  for (let slot = graph.firstRetainer[node]; slot < graph.firstRetainer[node + 1]; slot++) {
    const edge = graph.retainerEdge[slot];
    if (graph.edgeType[edge] === graph.edgeTypes.property && graph.strings.get(graph.edgeName[edge]) === '_events')
      return true;
  }
  return false;
}

/**
 * Tells dictionaries (objects used as maps, whose keys are data) from objects with named fields: they have many keys,
 * and most values are of one class. Objects full of functions are namespaces.
 */
export function dictionaryTest(graph: HeapGraph): (node: number) => boolean {
  const known = new Map<number, boolean>();
  return (node) => {
    let answer = known.get(node);
    if (answer === undefined) {
      answer = graph.nodeType[node] === graph.nodeTypes.object && hasManyOfOneClass(graph, node);
      known.set(node, answer);
    }
    return answer;
  };
}

function hasManyOfOneClass(graph: HeapGraph, node: number): boolean {
  const { firstEdge, edgeType, edgeTypes, edgeTo, nodeType, nodeTypes, nodeName } = graph;
  const classes = new Map<number, number>();
  let keys = 0;
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] !== edgeTypes.property) continue;
    keys++;
    const to = edgeTo[edge];
    if (nodeType[to] === nodeTypes.closure) continue;
    const kind = nodeType[to] === nodeTypes.string ? -1 : nodeName[to];
    classes.set(kind, (classes.get(kind) ?? 0) + 1);
  }
  return keys > DICTIONARY_KEYS && Math.max(0, ...classes.values()) * 2 > keys;
}

/** A class as people know it. */
export function typeName(graph: HeapGraph, node: number): string {
  const name = classKey(graph, node);
  if (name === 'system / Context') return 'scope';
  if (name === 'system / SourceTextModule') return 'module';
  if (name === 'system / NativeContext') return 'global scope';
  return name.replace(/^system \/ /, '');
}
