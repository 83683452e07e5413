/**
 * A finding's path, as a person would tell it: from the reader's own code to the object that piled up, without V8's
 * tables and Node's plumbing between.
 */
import type { DominatorTree } from '../graph/dominators.ts';
import { isBackingStore } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { dictionaryTest, edgeLabel, typeName } from '../naming/labels.ts';
import { isNodeInternal, type CodeSite, type Locator } from '../naming/locator.ts';
import { routeTo, type Routes } from './routes-to-objects.ts';

/** One stop of the path. */
export interface Stop {
  node: number;
  type: string;
  /** What the program calls it. */
  name: string;
  edge: string;
  /** Its own code: a function, a class instance's constructor, a scope. */
  site: CodeSite | undefined;
}

/** The stops up to the holder, the holder itself among them, and those below it. */
export interface Story {
  stops: Stop[];
  holderAt: number;
}

/** Everything that telling a path needs to know about one snapshot. */
export interface StoryTeller {
  tell(holder: number, sample: number): Story;
}

const MAX_BELOW = 7;
const LONGEST = 12;

/** Makes the teller for a snapshot. */
export function storyTeller(graph: HeapGraph, tree: DominatorTree, routes: Routes, locator: Locator): StoryTeller {
  const isDictionary = dictionaryTest(graph);

  const isTold = (node: number): boolean => {
    const type = graph.nodeType[node];
    const types = graph.nodeTypes;
    if (isBackingStore(graph, node) || type === types.code || type === types.objectShape || type === types.synthetic) return false;
    if (type !== types.hidden) return true;
    return locator.site(node) !== undefined;
  };

  const toStops = (path: { node: number; edge: number }[]): Stop[] => {
    const stops: Stop[] = [];
    let through: number[] = []; // what was looked through since the last stop
    for (let at = 0; at < path.length; at++) {
      const { node, edge } = path[at];
      if (!isTold(node)) {
        through.push(at);
        continue;
      }
      const type = typeName(graph, node);
      const label = at === 0 ? '' : labelThrough(path, at, through, stops.at(-1));
      const isData = label === '' || label.startsWith('[');
      stops.push({ node, type, name: isData ? type : label, edge: label, site: locator.site(node) });
      through = [];
      void edge;
    }
    return stops;
  };

  const labelThrough = (path: { node: number; edge: number }[], at: number, through: number[], parent: Stop | undefined): string => {
    const from = path[at - 1].node;
    if (through.length === 0) return edgeLabel(graph, from, path[at].edge, isDictionary);
    const cell = path[through[through.length - 1]];
    const cellName = graph.strings.get(graph.nodeName[cell.node]);
    if (cellName === 'system / Cell' || cellName === 'system / PropertyCell') return exportName(graph, cell.node) ?? '[]';
    if (parent && (parent.type === 'Map' || parent.type === 'WeakMap')) return '[key]';
    if (parent && parent.type !== 'Array' && isBackingStore(graph, from) && isDictionary(parent.node)) return '[key]';
    return '[]';
  };

  return {
    tell(holder, sample) {
      const upper = toStops(routeTo(routes, holder));
      const below = toStops(routeBelow(graph, tree, routes, holder, sample, locator));
      const holderStop = upper.at(-1);
      const start = firstOwnStop(upper);
      const stops = [...upper.slice(start), ...below.slice(0, MAX_BELOW)];
      const holderAt = holderStop ? upper.length - 1 - start : 0;
      if (stops.length <= LONGEST) return { stops, holderAt };
      // Told short: where it starts, and the holder's neighbourhood.
      const surplus = Math.min(stops.length - LONGEST, Math.max(0, holderAt - 4));
      return { stops: [...stops.slice(0, 2), ...stops.slice(2 + surplus)], holderAt: holderAt - surplus };
    },
  };
}

/** Where the reader's (or a package's) own code begins; the last few stops where it never does. */
function firstOwnStop(stops: Stop[]): number {
  const own = stops.findIndex((stop) => stop.site !== undefined && !isNodeInternal(stop.site.script));
  return own >= 0 ? own : Math.max(0, stops.length - 5);
}

/** An exported binding's name: in the module's table of exports, the key stands just before its cell. */
function exportName(graph: HeapGraph, cell: number): string | undefined {
  for (let slot = graph.firstRetainer[cell]; slot < graph.firstRetainer[cell + 1]; slot++) {
    const table = graph.retainerNode[slot];
    if (!isBackingStore(graph, table)) continue;
    const position = positionOf(graph, graph.retainerEdge[slot]);
    if (position === undefined) continue;
    for (let edge = graph.firstEdge[table]; edge < graph.firstEdge[table + 1]; edge++) {
      const key = graph.edgeTo[edge];
      if (positionOf(graph, edge) === position - 1 && graph.nodeType[key] === graph.nodeTypes.string) {
        return graph.strings.get(graph.nodeName[key]);
      }
    }
  }
  return undefined;
}

function positionOf(graph: HeapGraph, edge: number): number | undefined {
  if (graph.edgeType[edge] === graph.edgeTypes.hidden) return graph.edgeName[edge];
  if (graph.edgeType[edge] !== graph.edgeTypes.internal) return undefined;
  const name = graph.strings.get(graph.edgeName[edge]);
  return /^\d+$/.test(name) ? Number(name) : undefined;
}

/** From just below the holder to the sample, and on to the nearest code that made it. */
function routeBelow(
  graph: HeapGraph,
  tree: DominatorTree,
  routes: Routes,
  holder: number,
  sample: number,
  locator: Locator,
): { node: number; edge: number }[] {
  const whole = routeTo(routes, sample);
  const at = whole.findIndex((step) => step.node === holder);
  const toSample = at >= 0 ? whole.slice(at + 1) : whole.slice(-1);
  const last = toSample.at(-1)?.node ?? sample;
  return [...toSample, ...routeToCode(graph, last, locator)];
}

const CODE_SEARCH_NODES = 400;
const CODE_SEARCH_DEPTH = 5;

/** The shortest way from an object to a function, instance or scope of the reader's or a package's code. */
function routeToCode(graph: HeapGraph, from: number, locator: Locator): { node: number; edge: number }[] {
  const own = (node: number): boolean => {
    const script = locator.scriptName(node);
    return script !== undefined && !isNodeInternal(script);
  };
  if (own(from)) return [];
  const before = new Map<number, { node: number; edge: number } | undefined>([[from, undefined]]);
  let level = [from];
  for (let depth = 0; depth < CODE_SEARCH_DEPTH && level.length > 0; depth++) {
    const next: number[] = [];
    for (const node of level) {
      for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
        const to = graph.edgeTo[edge];
        if (graph.edgeIsStrong[edge] === 0 || before.has(to) || !leadsOn(graph, edge, to)) continue;
        before.set(to, { node, edge });
        if (own(to)) return unwind(before, to);
        next.push(to);
        if (before.size > CODE_SEARCH_NODES) return [];
      }
    }
    level = next;
  }
  return [];
}

function leadsOn(graph: HeapGraph, edge: number, to: number): boolean {
  const types = graph.nodeTypes;
  const type = graph.nodeType[to];
  if (type === types.code || type === types.objectShape || type === types.string || type === types.synthetic || type === types.native) return false;
  const name = graph.edgeType[edge] === graph.edgeTypes.property || graph.edgeType[edge] === graph.edgeTypes.internal ? graph.strings.get(graph.edgeName[edge]) : '';
  return name !== '__proto__' && name !== 'previous' && name !== 'map' && !/^system \/ (NativeContext|Oddball)/.test(type === types.hidden ? graph.strings.get(graph.nodeName[to]) : '');
}

function unwind(before: Map<number, { node: number; edge: number } | undefined>, to: number): { node: number; edge: number }[] {
  const path: { node: number; edge: number }[] = [];
  for (let at = to, step = before.get(at); step !== undefined; at = step.node, step = before.get(at)) path.push({ node: at, edge: step.edge });
  return path.reverse();
}
