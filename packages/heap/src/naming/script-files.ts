import type { HeapGraph } from '../graph/heap-graph.ts';

/** The scripts of a program, as its heap knows them. */
export interface Scripts {
  /** From script ids, as `locations` has them, to the names that V8 knows the scripts by: paths and URLs. */
  files: ReadonlyMap<number, string>;
  /** A script's text, where the snapshot has the whole of it. */
  text(name: string): string | undefined;
}

/** Up to this id a byte tells whether a script is known; of later ones the map does. */
const MOST_SCRIPTS = 1 << 16;

/**
 * Joins scripts and their ids over the closures: `locations` gives a closure's script id and position, and the edges
 * closure -shared-> SharedFunctionInfo -script-> Script -name-> give the file. (Node 20 calls the second edge
 * `script_or_debug_info`.)
 */
export function findScripts(graph: HeapGraph): Scripts {
  const { locations } = graph;
  const files = new Map<number, string>();
  const scriptOf = new Map<string, number>();
  const isFound = new Uint8Array(MOST_SCRIPTS); // by id: V8 counts scripts up from 1
  for (let row = 0; row < locations.length; row += 4) {
    const node = locations[row];
    const scriptId = locations[row + 1];
    if (scriptId < MOST_SCRIPTS ? isFound[scriptId] === 1 : files.has(scriptId)) continue;
    const script = scriptNode(graph, node);
    const file = script < 0 ? undefined : (stringOf(graph, follow(graph, script, ['name'])) ?? titleOf(graph, script));
    if (file === undefined) continue;
    files.set(scriptId, file);
    scriptOf.set(file, script);
    if (scriptId < MOST_SCRIPTS) isFound[scriptId] = 1;
  }
  return {
    files,
    text(name) {
      const script = scriptOf.get(name);
      return script === undefined ? undefined : wholeText(graph, follow(graph, script, ['source']));
    },
  };
}

function scriptNode(graph: HeapGraph, closure: number): number {
  const shared = follow(graph, closure, ['shared']);
  return shared < 0 ? -1 : follow(graph, shared, ['script', 'script_or_debug_info']);
}

/** V8 titles a script by its name: told where the name itself is a slice of another string, as on Node 24. */
function titleOf(graph: HeapGraph, script: number): string | undefined {
  const title = graph.strings.get(graph.nodeName[script]);
  return title === '' || /^(?:\(|system \/ )/.test(title) ? undefined : title;
}

function stringOf(graph: HeapGraph, node: number): string | undefined {
  if (node < 0 || graph.nodeType[node] !== graph.nodeTypes.string) return undefined;
  return graph.strings.get(graph.nodeName[node]) || undefined;
}

/** V8 cuts strings after so many characters, unless `--heap-snapshot-string-limit` says otherwise. */
const USUAL_LIMIT = 1024;
const STRING_HEADER_BYTES = 16;

/** A string's text where it was not cut: its size tells, or, of one that stands outside the heap, its length. */
function wholeText(graph: HeapGraph, node: number): string | undefined {
  const text = stringOf(graph, node);
  if (text === undefined || text.length < USUAL_LIMIT) return text;
  const size = graph.nodeSelfSize[node];
  const whole = [1, 2].some((bytes) => size === Math.ceil((STRING_HEADER_BYTES + text.length * bytes) / 8) * 8);
  return whole ? text : undefined;
}

/** The target of a node's first internal edge of one of these names, or -1. */
function follow(graph: HeapGraph, node: number, names: string[]): number {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeType[edge] !== graph.edgeTypes.internal) continue;
    if (names.includes(graph.strings.get(graph.edgeName[edge]))) return graph.edgeTo[edge];
  }
  return -1;
}
