/**
 * A finding's path, as a person would tell it: from the reader's own code to the object that piled up, without V8's
 * tables and Node's plumbing between.
 */
import { containerOf, isBackingStore } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { BundledNames, type OriginalName } from '../naming/bundled-names.ts';
import { dictionaryTest, edgeLabel, typeName } from '../naming/labels.ts';
import type { CodeWords } from '../naming/code-words.ts';
import { isNodeInternal, type CodeSite, type Locator } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';
import type { SourceFiles } from '../naming/source-files.ts';
import { internalTarget, isModuleScope } from './module-scopes.ts';
import type { Routes, Step } from './routes-to-objects.ts';

/** One stop of the path. */
export interface Stop {
  node: number;
  type: string;
  /** What the program calls it. */
  name: string;
  edge: string;
  /** Its own code: a function, a class instance's constructor, a scope. */
  site: CodeSite | undefined;
  /** Where the variable that it is held by is declared in the source, where the code that runs was compiled from it. */
  declared?: OriginalName;
  /** How many links of a chain this stop stands for. */
  repeats: number;
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

/** What a teller goes by. */
export interface Told {
  graph: HeapGraph;
  routes: Routes;
  locator: Locator;
  sources: SourceFiles;
  codeWords: CodeWords;
}

/** Makes the teller for a snapshot. */
export function storyTeller({ graph, routes, locator, sources, codeWords }: Told): StoryTeller {
  const isDictionary = dictionaryTest(graph);
  const names = new BundledNames(sources);

  const isTold = (node: number): boolean => {
    const type = graph.nodeType[node];
    const types = graph.nodeTypes;
    if (isBackingStore(graph, node) || type === types.code || type === types.objectShape || type === types.synthetic)
      return false;
    if (type !== types.hidden) return true;
    return typeName(graph, node) === 'PromiseReaction' || locator.site(node) !== undefined;
  };

  const toStops = (path: Step[], holder: number): Stop[] => {
    const stops: Stop[] = [];
    let through: number[] = []; // what was looked through since the last stop
    for (let at = 0; at < path.length; at++) {
      const { node } = path[at];
      if (!isTold(node) && node !== holder) {
        through.push(at);
        continue;
      }
      const type = at === 0 && isModuleScope(graph, node) ? 'module' : typeOf(graph, node);
      const label = at === 0 ? '' : labelThrough(path, at, through, stops.at(-1));
      const isName = label !== '' && !label.startsWith('[') && label !== 'context' && label !== 'previous';
      const name = isName ? label : type;
      const stop: Stop = { node, type, name, edge: label, site: locator.site(node), repeats: 1 };
      stops.push(
        withOriginalNames(names, stop, stops.at(-1), graph.edgeType[path[at].edge] === graph.edgeTypes.context),
      );
      shorten(stops, holder);
      through = [];
    }
    return stops;
  };

  const labelThrough = (path: Step[], at: number, through: number[], parent: Stop | undefined): string => {
    const from = path[at - 1].node;
    if (through.length === 0) return edgeLabel(graph, from, path[at].edge, isDictionary);
    const cell = path[through[through.length - 1]];
    const cellName = graph.strings.get(graph.nodeName[cell.node]);
    if (cellName === 'system / Cell' || cellName === 'system / PropertyCell') return keyBefore(graph, cell) ?? '[]';
    if (parent?.edge === 'kEvents') return keyBefore(graph, path[at]) ?? '[key]';
    if (parent && (parent.type === 'Map' || parent.type === 'WeakMap')) return '[key]';
    if (parent && parent.type !== 'Array' && isBackingStore(graph, from) && isDictionary(parent.node)) return '[key]';
    return '[]';
  };

  return {
    tell(holder, sample) {
      const above = routes.to(holder);
      const whole = [...above, ...routeBelow(graph, routes, holder, sample, locator)];
      // What V8 keeps for itself is not told: then the nearest object above stands for it, or the first below.
      const told = (steps: Step[], at: number): number | undefined =>
        steps.filter(({ node }) => isTold(node)).at(at)?.node;
      const toldHolder = told(above, -1) ?? told(whole, 0) ?? holder;
      const all = toStops(whole, toldHolder);
      const holderIndex = Math.max(
        0,
        all.findIndex((stop) => stop.node === toldHolder),
      );
      const start = firstToldStop(all.slice(0, holderIndex + 1));
      const kept = withoutData(all, codeWords, sources).slice(start, holderIndex + 1 + MAX_BELOW);
      const stops = kept.filter((stop, at) => at >= holderIndex - start || !isRepeatOfModule(stop, kept[at + 1]));
      const found = stops.findIndex((stop) => stop.node === toldHolder);
      // A scope holds by its variables: the variable is what a person calls the holder.
      const holderAt = found >= 0 && isScope(stops[found]) && isVariable(stops.at(found + 1)) ? found + 1 : found;
      // Told short: where it starts, and the holder's neighbourhood.
      const surplus = Math.max(0, Math.min(stops.length - LONGEST, holderAt - 4));
      return { stops: [...stops.slice(0, 2), ...stops.slice(2 + surplus)], holderAt: holderAt - surplus };
    },
  };
}

/** A class, or, of the generator that keeps a waiting async function's variables, that function's name. */
function typeOf(graph: HeapGraph, node: number): string {
  const type = typeName(graph, node);
  if (type !== 'Generator') return type;
  const waiting = internalTarget(graph, node, 'function');
  const name = waiting < 0 ? '' : graph.strings.get(graph.nodeName[waiting]);
  return name === '' ? type : `Generator of ${name}`;
}

/** What bundlers and minifiers renamed gets the name back that the source has. The reference stays as V8 knows it. */
function withOriginalNames(names: BundledNames, stop: Stop, parent: Stop | undefined, isVariable: boolean): Stop {
  let { name, type } = stop;
  let declared: OriginalName | undefined;
  const { site } = stop;
  if (site?.position) {
    const [prefix, bare] = type.startsWith('function ') ? ['function ', type.slice('function '.length)] : ['', type];
    const original = names.named(site.script, bare, site.position);
    if (original !== undefined) {
      if (name === type) name = `${prefix}${original}`;
      type = `${prefix}${original}`;
    }
  }
  if (isVariable && parent?.site?.position && isScope(parent)) {
    declared = names.variable(parent.site.script, stop.edge, parent.site.position);
    if (declared) name = declared.name;
  }
  return { ...stop, name, type, ...(declared ? { declared } : {}) };
}

function isScope(stop: Stop): boolean {
  return stop.type === 'scope' || stop.type === 'module';
}

function isVariable(stop: Stop | undefined): boolean {
  return stop !== undefined && stop.name !== stop.type;
}

/** Takes links of a chain together: one stop, or two by turns, that come again by the same names. */
function shorten(stops: Stop[], holder: number): void {
  for (const period of [1, 2]) {
    const [before, again] = [stops.slice(-2 * period, -period), stops.slice(-period)];
    if (before.length < period || before.some(({ node }) => node === holder)) continue;
    if (!again.every(({ type, edge }, k) => type === before[k].type && edge === before[k].edge)) continue;
    if (again.some(({ node }) => node === holder)) continue;
    stops.splice(
      -2 * period,
      2 * period,
      ...again.map((stop, k) => ({
        ...stop,
        site: before[k].site ?? stop.site,
        repeats: stop.repeats + before[k].repeats,
      })),
    );
  }
}

/**
 * A plain object may be a record or a dictionary, and the names of its properties words of the program or data: they are
 * told only where the program's code says them too.
 */
function withoutData(stops: Stop[], words: CodeWords, sources: SourceFiles): Stop[] {
  const files = new Set<string>();
  for (const { site } of stops)
    if (site && !isNodeInternal(site.script)) files.add(site.script).add(site.location.file);
  return stops.map((stop, at) => {
    const parent = stops[at - 1];
    const isOwnWord =
      at === 0 ||
      parent.type !== 'Object' ||
      stop.edge.startsWith('[') ||
      stop.edge === '' ||
      words.has(stop.edge) ||
      [...files].some((file) => says(sources, file, stop.edge));
    return isOwnWord ? stop : { ...stop, edge: '[key]', name: stop.type };
  });
}

function says(sources: SourceFiles, file: string, word: string): boolean {
  const whole = new RegExp(`(?<![\\w$])${word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}(?![\\w$])`);
  return sources.lines(file)?.some((line) => line.includes(word) && whole.test(line)) ?? false;
}

/** A module's record, its generator and its scope are one thing to a person. */
function isRepeatOfModule(stop: Stop, next: Stop | undefined): boolean {
  return (
    (stop.type === 'module' || stop.type === 'Generator') &&
    next !== undefined &&
    stop.site?.script === next.site?.script &&
    /^(module|Generator|scope)$/.test(next.type)
  );
}

/** Where the reader's own code begins, or a package's, or `process`; else, in Node's own hands, just above the holder. */
function firstToldStop(stops: Stop[]): number {
  const isCode = (stop: Stop): boolean => stop.site !== undefined && !isNodeInternal(stop.site.script);
  const own = stops.findIndex((stop) => isCode(stop) && packageOf(stop.site?.script ?? '') === undefined);
  if (own >= 0) return own;
  const known = stops.findIndex(
    (stop, at) => isCode(stop) || (stop.type === 'process' && stops.at(at + 1)?.type.startsWith('function') === false),
  );
  return known >= 0 ? known : Math.max(0, stops.length - 2);
}

/** A table's key just before a value: of an exported binding in a module's exports, of an event in its listeners. */
function keyBefore(graph: HeapGraph, { node, edge: entered }: Step): string | undefined {
  const position = positionOf(graph, entered);
  if (position === undefined) return undefined;
  for (let slot = graph.firstRetainer[node]; slot < graph.firstRetainer[node + 1]; slot++) {
    const table = graph.retainerNode[slot];
    if (graph.retainerEdge[slot] !== entered || !isBackingStore(graph, table)) continue;
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

/** The holder's own reference to an object, through a backing store or not. */
function stepFrom(graph: HeapGraph, holder: number, to: number): Step {
  for (let slot = graph.firstRetainer[to]; slot < graph.firstRetainer[to + 1]; slot++) {
    if (containerOf(graph, graph.retainerNode[slot]) === holder) return { node: to, edge: graph.retainerEdge[slot] };
  }
  return { node: to, edge: graph.retainerEdge[graph.firstRetainer[to]] };
}

/** From just below the holder to the sample, and on to the nearest code that made it. */
function routeBelow(graph: HeapGraph, routes: Routes, holder: number, sample: number, locator: Locator): Step[] {
  return [...stepsBelow(graph, routes, holder, sample), ...routeToCode(graph, sample, locator)];
}

function stepsBelow(graph: HeapGraph, routes: Routes, holder: number, sample: number): Step[] {
  const direct = directSteps(graph, holder, sample);
  if (direct) return direct;
  const whole = routes.to(sample);
  const at = whole.findIndex((step) => step.node === holder);
  return at >= 0 ? whole.slice(at + 1) : [stepFrom(graph, holder, sample)];
}

const RETAINERS_LOOKED_AT = 64;

/** By a reference of the holder's own, or through its store: most samples are, and a search would pass all their like. */
function directSteps(graph: HeapGraph, holder: number, sample: number): Step[] | undefined {
  const { firstRetainer, retainerNode, retainerEdge, edgeType, edgeTypes } = graph;
  const end = Math.min(firstRetainer[sample + 1], firstRetainer[sample] + RETAINERS_LOOKED_AT);
  for (let slot = firstRetainer[sample]; slot < end; slot++) {
    const [node, edge] = [retainerNode[slot], retainerEdge[slot]];
    if (node === holder && edgeType[edge] !== edgeTypes.internal && edgeType[edge] !== edgeTypes.hidden)
      return [{ node: sample, edge }];
    if (!isBackingStore(graph, node)) continue;
    const above = firstRetainer[node];
    if (firstRetainer[node + 1] - above !== 1 || retainerNode[above] !== holder) continue;
    return [
      { node, edge: retainerEdge[above] },
      { node: sample, edge },
    ];
  }
  return undefined;
}

const CODE_SEARCH_NODES = 400;
const CODE_SEARCH_DEPTH = 5;

/** The shortest way from an object to a function, instance or scope of the reader's or a package's code. */
function routeToCode(graph: HeapGraph, from: number, locator: Locator): Step[] {
  const own = (node: number): boolean => {
    const script = locator.scriptName(node);
    return script !== undefined && !isNodeInternal(script);
  };
  if (own(from)) return [];
  const before = new Map<number, Step | undefined>([[from, undefined]]);
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
  if (
    type === types.code ||
    type === types.objectShape ||
    type === types.string ||
    type === types.synthetic ||
    type === types.native
  )
    return false;
  const name =
    graph.edgeType[edge] === graph.edgeTypes.property || graph.edgeType[edge] === graph.edgeTypes.internal
      ? graph.strings.get(graph.edgeName[edge])
      : '';
  return (
    name !== '__proto__' &&
    name !== 'previous' &&
    name !== 'map' &&
    !/^system \/ (NativeContext|Oddball)/.test(type === types.hidden ? graph.strings.get(graph.nodeName[to]) : '')
  );
}

function unwind(before: Map<number, Step | undefined>, to: number): Step[] {
  const path: Step[] = [];
  for (let at = to, step = before.get(at); step !== undefined; at = step.node, step = before.get(at))
    path.push({ node: at, edge: step.edge });
  return path.reverse();
}
