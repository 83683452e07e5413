import { classKey } from '../growth/growth.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';

/** An object with more own named references than this, all of them data, is a dictionary: its keys are not told. */
const DICTIONARY_KEYS = 48;

/** What a person would call the reference behind an edge; `[key]` and `[]` where the name is data. */
export function edgeLabel(graph: HeapGraph, from: number, edge: number, isDictionary: (node: number) => boolean): string {
  const type = graph.edgeType[edge];
  const types = graph.edgeTypes;
  if (type === types.element) return '[]';
  if (type === types.hidden) return '[]';
  const name = graph.strings.get(graph.edgeName[edge]);
  if (type === types.property) {
    if (/^<symbol .*>$/.test(name)) return name.slice(8, -1);
    return isDictionary(from) ? '[key]' : name;
  }
  if (type === types.internal) {
    if (/^\d+ \/ part of key /.test(name)) return '[weak key]';
    if (/^\d+$/.test(name)) return '[]';
  }
  return name;
}

/** Tells dictionaries (objects used as maps) from objects with named fields. */
export function dictionaryTest(graph: HeapGraph): (node: number) => boolean {
  const known = new Map<number, boolean>();
  return (node) => {
    let answer = known.get(node);
    if (answer === undefined) {
      answer = graph.nodeType[node] === graph.nodeTypes.object && countProperties(graph, node) > DICTIONARY_KEYS;
      known.set(node, answer);
    }
    return answer;
  };
}

function countProperties(graph: HeapGraph, node: number): number {
  let count = 0;
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeType[edge] === graph.edgeTypes.property) count++;
  }
  return count;
}

/** A class as people know it. */
export function typeName(graph: HeapGraph, node: number): string {
  const name = classKey(graph, node);
  if (name === 'system / Context') return 'scope';
  if (name === 'system / SourceTextModule') return 'module';
  if (name === 'system / NativeContext') return 'global scope';
  return name.replace(/^system \/ /, '');
}
