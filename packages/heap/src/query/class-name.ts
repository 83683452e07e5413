import type { HeapGraph } from '../graph/heap-graph.ts';
import { typeName } from '../naming/labels.ts';

/**
 * A class as people know it; never a string's content. What V8 keeps on behalf of the program goes by the names that
 * DevTools has for it: code and shapes carry names of the program's functions, but are no objects of those classes.
 */
export function classNameOf(graph: HeapGraph, node: number): string {
  const { nodeType, nodeTypes, nodeName, strings } = graph;
  const type = nodeType[node];
  if (type === nodeTypes.array) return '(array)';
  if (type === nodeTypes.code) return '(compiled code)';
  if (type === nodeTypes.objectShape) return '(object shape)';
  if (strings.byteLength(nodeName[node]) === 0) {
    if (type === nodeTypes.synthetic) return '(root)';
    if (type === nodeTypes.hidden) return '(internal)';
  }
  return typeName(graph, node);
}
