import type { HeapGraph } from './heap-graph.ts';
import { isText } from './texts.ts';

/** A class's name for people: never a string's content. */
export function classKey(graph: HeapGraph, node: number): string {
  const type = graph.nodeType[node];
  const types = graph.nodeTypes;
  if (isText(graph, node)) return 'string';
  if (type === types.number) return 'number';
  if (type === types.symbol) return 'symbol';
  if (type === types.regexp) return 'RegExp';
  const name = graph.strings.get(graph.nodeName[node]);
  if (type === types.closure) return name === '' ? 'function' : `function ${name}`;
  return name === '' ? 'Object' : name;
}
