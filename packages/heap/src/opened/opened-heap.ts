/** A heap that has been read, with all that telling, querying and drawing it need. Made once a snapshot. */
import { computeDominators, retainedSizes, type DominatorTree } from '../graph/dominators.ts';
import { LocationRows } from '../graph/location-rows.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { moduleStarts } from '../path/module-scopes.ts';
import { Routes } from '../path/routes-to-objects.ts';
import { storyTeller, type StoryTeller } from '../path/story.ts';
import { CodeWords } from '../naming/code-words.ts';
import { isNodeInternal, Locator } from '../naming/locator.ts';
import type { MapFolder } from '../naming/map-folder.ts';
import { packageOf } from '../naming/project.ts';
import { findScripts } from '../naming/script-files.ts';
import { SourceFiles } from '../naming/source-files.ts';

/** One heap: the graph, who dominates whom, and how its objects are named and reached. */
export interface OpenedHeap {
  graph: HeapGraph;
  tree: DominatorTree;
  /** Bytes by node ordinal, DevTools' definition. */
  retained: Float64Array;
  locationRows: LocationRows;
  sources: SourceFiles;
  locator: Locator;
  /** The way to each object that a person would tell. */
  routes: Routes;
  /** The ways that begin in the reader's own modules and nowhere else. Made when it is asked for. */
  ownRoutes: () => Routes;
  codeWords: CodeWords;
  teller: StoryTeller;
}

/** Where code is looked for, and who hears how far the opening is. */
export interface OpeningOptions {
  /** The repository or working directory: what `repoPath` is relative to. */
  cwd: string;
  /** Source maps that are kept apart from the scripts. */
  maps?: MapFolder | undefined;
  onProgress: (phase: string, fraction: number) => void;
}

/** Computes dominators, retained sizes and routes of a graph. O(edges); about 30 bytes a node stay. */
export function openHeap(graph: HeapGraph, { cwd, maps, onProgress }: OpeningOptions): OpenedHeap {
  onProgress('finding what dominates', 0);
  const tree = computeDominators(graph);
  const retained = retainedSizes(graph, tree);
  const locationRows = new LocationRows(graph);
  const scripts = findScripts(graph);
  const sources = new SourceFiles({ cwd, maps, embedded: (name) => scripts.text(name) });
  const locator = new Locator(graph, locationRows, { scripts, sources, cwd });
  const costOf = (node: number): number | undefined => strangeness(locator.scriptName(node));
  const starts = moduleStarts(graph, tree, locator);
  const routes = new Routes(graph, costOf, [{ node: 0, cost: 0 }, ...starts]);
  const ownStarts = starts.filter(({ isOwn }) => isOwn);
  const codeWords = new CodeWords(graph);
  let own: Routes | undefined;
  return {
    graph,
    tree,
    retained,
    locationRows,
    sources,
    locator,
    routes,
    ownRoutes: () => (own ??= new Routes(graph, costOf, ownStarts)),
    codeWords,
    teller: storyTeller({ graph, routes, locator, sources, codeWords }),
  };
}

/** How far from the reader's own code a script is, as a cost: a path through it is told only where there is no other. */
function strangeness(script: string | undefined): number | undefined {
  if (script === undefined) return undefined;
  if (isNodeInternal(script)) return 4;
  return packageOf(script) === undefined ? 0 : 1;
}
