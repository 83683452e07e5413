import type { Location } from '../finding/finding.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { Project } from './project.ts';
import { scriptFiles } from './script-files.ts';
import type { SourceFiles, SourcePosition } from './source-files.ts';

/** Where an object's code stands, before and after source maps. */
export interface CodeSite {
  /** The script that runs: what searches for identifiers of compiled code look at. */
  script: string;
  location: Location;
}

/** Finds the code behind objects: functions, class instances, and the scopes of functions. */
export class Locator {
  readonly #graph: HeapGraph;
  readonly #sources: SourceFiles;
  /** The folders that files belong to. */
  readonly project: Project;
  readonly #files: Map<number, string>;
  readonly #rowOf = new Map<number, number>();
  readonly #closureOfContext = new Map<number, number>();

  constructor(graph: HeapGraph, sources: SourceFiles, cwd: string) {
    this.#graph = graph;
    this.#sources = sources;
    this.project = new Project(cwd);
    this.#files = scriptFiles(graph);
    for (let row = 0; row < graph.locations.length; row += 4) this.#rowOf.set(graph.locations[row], row);
    this.#indexContexts();
  }

  /** A scope's file is that of any function made in it. */
  #indexContexts(): void {
    const { nodeCount, nodeType, nodeTypes, firstEdge, edgeType, edgeTypes, edgeTo, strings, edgeName } = this.#graph;
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] !== nodeTypes.closure || !this.#rowOf.has(node)) continue;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        if (edgeType[edge] !== edgeTypes.internal || strings.get(edgeName[edge]) !== 'context') continue;
        if (!this.#closureOfContext.has(edgeTo[edge])) this.#closureOfContext.set(edgeTo[edge], node);
      }
    }
  }

  /** The code of a function, of a class instance's constructor, or of a scope's functions; undefined where there is none. */
  site(node: number): CodeSite | undefined {
    const module = this.#moduleFile(node);
    if (module !== undefined)
      return { script: module, location: this.toLocation(this.#sources.original(module, 0, 0)) };
    const row = this.#rowOf.get(node) ?? this.#rowOf.get(this.#closureOfContext.get(node) ?? -1);
    if (row === undefined) return undefined;
    const name = this.#files.get(this.#graph.locations[row + 1]);
    if (name === undefined) return undefined;
    const script = this.#sources.pathOf(name);
    const [line, column] = [this.#graph.locations[row + 2], this.#graph.locations[row + 3]];
    return { script, location: this.toLocation(this.#sources.original(script, line, column)) };
  }

  /** The raw file name behind a node's own location, cheaply: no source map, no disk. */
  scriptName(node: number): string | undefined {
    const row = this.#rowOf.get(node) ?? this.#rowOf.get(this.#closureOfContext.get(node) ?? -1);
    return row === undefined ? undefined : this.#files.get(this.#graph.locations[row + 1]);
  }

  /** The file of an ES module's record, which has no location of its own: the `url` of the wrapper that holds it. */
  #moduleFile(node: number): string | undefined {
    const graph = this.#graph;
    if (
      graph.nodeType[node] !== graph.nodeTypes.hidden ||
      graph.strings.get(graph.nodeName[node]) !== 'system / SourceTextModule'
    )
      return undefined;
    for (let slot = graph.firstRetainer[node]; slot < graph.firstRetainer[node + 1]; slot++) {
      const wrapper = graph.retainerNode[slot];
      for (let edge = graph.firstEdge[wrapper]; edge < graph.firstEdge[wrapper + 1]; edge++) {
        const to = graph.edgeTo[edge];
        if (graph.edgeType[edge] !== graph.edgeTypes.property || graph.nodeType[to] !== graph.nodeTypes.string)
          continue;
        if (graph.strings.get(graph.edgeName[edge]) === 'url')
          return this.#sources.pathOf(graph.strings.get(graph.nodeName[to]));
      }
    }
    return undefined;
  }

  toLocation(position: SourcePosition): Location {
    const repoPath = this.project.repoPath(position.file);
    return repoPath === undefined ? { ...position } : { ...position, repoPath };
  }
}

/** Whether a script is Node's own. */
export function isNodeInternal(script: string | undefined): boolean {
  return script === undefined || script.startsWith('node:') || script.startsWith('internal/');
}
