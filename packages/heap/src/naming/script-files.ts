import type { HeapGraph } from '../graph/heap-graph.ts';

/**
 * From script ids to the files they came from, joined over the closures: `locations` gives a closure's script id and
 * position, and the edges closure -shared-> SharedFunctionInfo -script-> Script -name-> give the file. (Node 20 calls
 * the second edge `script_or_debug_info`.)
 */
export function scriptFiles(graph: HeapGraph): Map<number, string> {
  const { locations } = graph;
  const files = new Map<number, string>();
  let known = -1; // rows of one script stand together
  for (let row = 0; row < locations.length; row += 4) {
    const node = locations[row];
    const scriptId = locations[row + 1];
    if (scriptId === known || files.has(scriptId)) continue;
    const file = scriptNameOf(graph, node);
    if (file === undefined) continue;
    files.set(scriptId, file);
    known = scriptId;
  }
  return files;
}

function scriptNameOf(graph: HeapGraph, closure: number): string | undefined {
  const shared = follow(graph, closure, ['shared']);
  const script = shared < 0 ? -1 : follow(graph, shared, ['script', 'script_or_debug_info']);
  const name = script < 0 ? -1 : follow(graph, script, ['name']);
  if (name < 0 || graph.nodeType[name] !== graph.nodeTypes.string) return undefined;
  return graph.strings.get(graph.nodeName[name]) || undefined;
}

/** The target of a node's first internal edge of one of these names, or -1. */
function follow(graph: HeapGraph, node: number, names: string[]): number {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeType[edge] !== graph.edgeTypes.internal) continue;
    if (names.includes(graph.strings.get(graph.edgeName[edge]))) return graph.edgeTo[edge];
  }
  return -1;
}
