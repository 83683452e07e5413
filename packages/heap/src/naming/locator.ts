import type { Location } from '../finding/finding.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { LocationRows } from '../graph/location-rows.ts';
import type { ScriptPosition } from './bundled-names.ts';
import { Project } from './project.ts';
import type { Scripts } from './script-files.ts';
import type { SourceFiles, SourcePosition } from './source-files.ts';

/** Where an object's code stands, before and after source maps. */
export interface CodeSite {
  /** The script that runs: what searches for identifiers of compiled code look at. */
  script: string;
  /** In the script, from 0; undefined for a whole module. */
  position?: ScriptPosition;
  location: Location;
}

/** Where code is, beside the graph. */
export interface Surroundings {
  scripts: Scripts;
  sources: SourceFiles;
  /** The repository or working directory. */
  cwd: string;
}

/** Finds the code behind objects: functions, class instances, and the scopes of functions. */
export class Locator {
  readonly #graph: HeapGraph;
  readonly #sources: SourceFiles;
  /** The folders that files belong to. */
  readonly project: Project;
  readonly #files: ReadonlyMap<number, string>;
  readonly #rows: LocationRows;
  /** By string: 1 for the names of V8's own objects, 2 for others, 0 where nobody asked. */
  readonly #kindOfName: Uint8Array;

  constructor(graph: HeapGraph, rows: LocationRows, { scripts, sources, cwd }: Surroundings) {
    this.#graph = graph;
    this.#sources = sources;
    this.project = new Project(cwd);
    this.#files = scripts.files;
    this.#kindOfName = new Uint8Array(graph.strings.length);
    this.#rows = rows;
  }

  /** Where the node's row begins; a scope's is that of the first function made in it; -1 where there is none. */
  #rowOf(node: number): number {
    const own = this.#rows.rowOf(node);
    if (own >= 0) return own;
    if (!this.#isScope(node)) return -1;
    const { nodeType, nodeTypes, firstRetainer, retainerNode, retainerEdge, edgeType, edgeTypes } = this.#graph;
    const { strings, edgeName } = this.#graph;
    for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
      const closure = retainerNode[slot];
      if (nodeType[closure] !== nodeTypes.closure) continue;
      const edge = retainerEdge[slot];
      if (edgeType[edge] !== edgeTypes.internal || strings.get(edgeName[edge]) !== 'context') continue;
      const row = this.#rows.rowOf(closure);
      if (row >= 0) return row;
    }
    return -1;
  }

  /** What a promise's reaction will run: its handler, or the async function that the built-in handler resumes. */
  #codeOf(node: number): number {
    const { nodeType, nodeTypes, nodeName, strings, firstEdge, edgeTo, edgeIsStrong } = this.#graph;
    if (nodeType[node] !== nodeTypes.hidden || strings.get(nodeName[node]) !== 'system / PromiseReaction') return node;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const handler = edgeTo[edge];
      if (edgeIsStrong[edge] === 0 || nodeType[handler] !== nodeTypes.closure) continue;
      if (this.#rows.rowOf(handler) >= 0) return handler;
      const generator = this.#internal(this.#internal(handler, 'context'), 'extension');
      if (generator >= 0 && this.#rows.rowOf(generator) >= 0) return generator;
    }
    return node;
  }

  /** The target of an internal edge, or -1. */
  #internal(node: number, name: string): number {
    const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings } = this.#graph;
    for (let edge = firstEdge[node]; node >= 0 && edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] === edgeTypes.internal && strings.get(edgeName[edge]) === name) return edgeTo[edge];
    }
    return -1;
  }

  /** Whether V8 calls the node one of its own (`system / Context`); asked of every object, so it is remembered by name. */
  #isScope(node: number): boolean {
    const name = this.#graph.nodeName[node];
    if (this.#kindOfName[name] === 0) {
      this.#kindOfName[name] = this.#graph.strings.get(name).startsWith('system / ') ? 1 : 2;
    }
    return this.#kindOfName[name] === 1;
  }

  /** The code of a function, of a class instance's constructor, or of a scope's functions; undefined where there is none. */
  site(node: number): CodeSite | undefined {
    const module = this.moduleFile(node);
    if (module !== undefined)
      return { script: module, location: this.toLocation(this.#sources.original(module, 0, 0)) };
    const row = this.#rowOf(this.#codeOf(node));
    if (row < 0) return undefined;
    const name = this.#files.get(this.#graph.locations[row + 1]);
    if (name === undefined) return undefined;
    const script = this.#sources.pathOf(name);
    const [line, column] = [this.#graph.locations[row + 2], this.#graph.locations[row + 3]];
    return {
      script,
      position: { line, column },
      location: this.toLocation(this.#sources.original(script, line, column)),
    };
  }

  /** The raw file name behind a node's own location, cheaply: no source map, no disk. */
  scriptName(node: number): string | undefined {
    const row = this.#rowOf(node);
    return row < 0 ? undefined : this.#files.get(this.#graph.locations[row + 1]);
  }

  /**
   * The file of a module's record, which has no location of its own: a CommonJS module has its `filename`, and of an ES
   * module the wrapper that holds the record has its `url`.
   */
  moduleFile(node: number): string | undefined {
    const { nodeType, nodeTypes, nodeName, strings, firstRetainer, retainerNode } = this.#graph;
    const type = nodeType[node];
    if (type !== nodeTypes.object && type !== nodeTypes.hidden) return undefined;
    const name = strings.get(nodeName[node]);
    if (name === 'Module') return this.#textOf(node, 'filename');
    if (name !== 'system / SourceTextModule') return undefined;
    for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
      const url = this.#textOf(retainerNode[slot], 'url');
      if (url !== undefined) return this.#sources.pathOf(url);
    }
    return undefined;
  }

  /** The text of a property, where it is a string. */
  #textOf(node: number, property: string): string | undefined {
    const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, nodeType, nodeTypes, nodeName, strings } = this.#graph;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (edgeType[edge] !== edgeTypes.property || nodeType[to] !== nodeTypes.string) continue;
      if (strings.get(edgeName[edge]) === property) return strings.get(nodeName[to]);
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
