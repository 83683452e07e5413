import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { shortName } from './short-name.ts';

/** Which class each node is of. */
export interface ClassTable {
  /** By ordinal: the place in `names` and `located`. */
  classOf: Uint32Array;
  /** As DevTools calls them: `Session`, `Function`, `(string)`, `(system)`. */
  names: string[];
  /** V8's type of the nodes of each: `object`, `native`, `hidden`. */
  types: string[];
  /** A node of the class with a location of its own, which is the class's; -1 where classes of that name have none. */
  located: number[];
}

/**
 * Tells every node's class by DevTools' rules (HeapSnapshot.ts, `getNodeClassIndex` and `classKeyInternal`): objects and
 * native ones by their names, objects of one name apart where their constructors stand at different places, everything
 * else by its kind, so that no text of a string, symbol or regular expression is a class. O(nodes + strings).
 */
export function classTable({ graph, locationRows }: Pick<OpenedHeap, 'graph' | 'locationRows'>): ClassTable {
  const { nodeCount, nodeType, nodeTypes, nodeName, locations, strings } = graph;
  const names: string[] = [];
  const located: number[] = [];
  const classOf = new Uint32Array(nodeCount);
  const types: string[] = [];
  const add = (name: string, type: string, node = -1): number => {
    types.push(type);
    located.push(node);
    return names.push(name) - 1;
  };

  const typeNames = graph.layout.nodeTypeNames;
  const byType = typeNames.map((type) => {
    if (type === 'hidden') return add('(system)', type);
    if (type === 'code') return add('(compiled code)', type);
    if (type === 'closure') return add('Function', type);
    if (type === 'regexp') return add('RegExp', type);
    return type === 'object' || type === 'native' ? -1 : add(`(${type})`, type);
  });

  const byName = new Int32Array(strings.length).fill(-1);
  const byPlace: PlaceIndex = new Map();
  for (let node = 0; node < nodeCount; node++) {
    const ofType = byType[nodeType[node]];
    if (ofType >= 0) {
      classOf[node] = ofType;
      continue;
    }
    const name = nodeName[node];
    const row = nodeType[node] === nodeTypes.object ? locationRows.rowOf(node) : -1;
    if (row < 0) {
      if (byName[name] < 0) byName[name] = add(objectClass(strings.get(name)), typeNames[nodeType[node]]);
      classOf[node] = byName[name];
      continue;
    }
    const lines = child(child(byPlace, name), locations[row + 1]);
    const columns = child(lines, locations[row + 2]);
    let own = columns.get(locations[row + 3]);
    if (own === undefined) columns.set(locations[row + 3], (own = add(objectClass(strings.get(name)), 'object', node)));
    classOf[node] = own;
  }
  return { classOf, names, types, located };
}

/** By name, script, line and column. */
type PlaceIndex = Map<number, Map<number, Map<number, Map<number, number>>>>;

function child<V>(map: Map<number, Map<number, V>>, key: number): Map<number, V> {
  let inner = map.get(key);
  if (inner === undefined) map.set(key, (inner = new Map<number, V>()));
  return inner;
}

/** What V8 calls a context. */
const SCOPE_CLASS = 'scope';

function objectClass(name: string): string {
  if (name === '') return 'Object';
  if (name === 'system / Context') return SCOPE_CLASS;
  return shortName(name.replace(/^system \/ /, ''));
}

/** The contexts of a heap: scopes, and those of global objects. */
export interface Contexts {
  scopes: number[];
  globals: number[];
}

/** Finds all contexts. O(nodes). */
export function contextsOf({ nodeName, strings }: HeapGraph, { classOf, names, types }: ClassTable): Contexts {
  const scopeClass = names.indexOf(SCOPE_CLASS);
  const systemClass = types.indexOf('hidden');
  const found: Contexts = { scopes: [], globals: [] };
  const kinds = new Uint8Array(strings.length); // of hidden nodes' names; 0: not yet known
  for (let node = 0; node < classOf.length; node++) {
    const own = classOf[node];
    if (own === scopeClass) found.scopes.push(node);
    else if (own === systemClass) {
      const name = nodeName[node];
      if (kinds[name] === 0) kinds[name] = hiddenKind(strings.get(name));
      if (kinds[name] === HIDDEN_GLOBAL) found.globals.push(node);
      else if (kinds[name] === HIDDEN_SCOPE) found.scopes.push(node);
    }
  }
  return found;
}

const [HIDDEN_OTHER, HIDDEN_GLOBAL, HIDDEN_SCOPE] = [1, 2, 3];

/** Scopes are hidden nodes in older versions. */
function hiddenKind(name: string): number {
  return name === 'system / NativeContext' ? HIDDEN_GLOBAL : name === 'system / Context' ? HIDDEN_SCOPE : HIDDEN_OTHER;
}
