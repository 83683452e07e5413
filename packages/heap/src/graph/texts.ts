import type { HeapGraph } from './heap-graph.ts';

/** Whether a node is a string, in one piece or made of others. */
export function isText({ nodeType, nodeTypes }: HeapGraph, node: number): boolean {
  const type = nodeType[node];
  return type === nodeTypes.string || type === nodeTypes.concatenatedString || type === nodeTypes.slicedString;
}
