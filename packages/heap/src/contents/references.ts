/**
 * By which references objects of one sort are held, over very many of them: `Session.user.name`. Each object is followed
 * up through nameless owners (plain objects, arrays, maps, V8's stores) to the nearest one with a name; the ways are
 * interned as numbers, so that only different ones are ever put into words.
 */
import { isBackingStore } from '../graph/containers.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { CodeWords } from '../naming/code-words.ts';
import { dictionaryTest, edgeLabel, typeName } from '../naming/labels.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { shortName } from './short-name.ts';

/** How far up an owner with a name is looked for, stores included. */
const MOST_STEPS = 12;
/** How far `Session.user.address.city` goes before its beginning is left out. */
const MOST_NAMES = 5;
/** Retainers that are looked at for one of the program's own. */
const RETAINERS_LOOKED_AT = 8;

/** Who holds the objects of one heap. */
export class References {
  readonly #graph: HeapGraph;
  readonly #isDictionary: (node: number) => boolean;
  readonly #words: CodeWords;
  /** By way so far and step: a trie in which every way has a number. */
  readonly #ways = new Map<number, Map<number, number>>();
  #wayCount = 1;

  constructor({ graph, codeWords }: Pick<OpenedHeap, 'graph' | 'codeWords'>) {
    this.#graph = graph;
    this.#isDictionary = dictionaryTest(graph);
    this.#words = codeWords;
  }

  /** A number that is the same for objects which objects of the same classes hold by the same references. */
  wayOf(node: number): number {
    const { edgeType, edgeName, edgeTypes, nodeName, retainerNode, retainerEdge } = this.#graph;
    let way = 0;
    let at = node;
    for (let step = 0; step < MOST_STEPS; step++) {
      const slot = this.slotOf(at);
      if (slot < 0) return way;
      const [owner, edge] = [retainerNode[slot], retainerEdge[slot]];
      const isStore = isBackingStore(this.#graph, owner);
      const isNumbered = isStore || edgeType[edge] === edgeTypes.element || edgeType[edge] === edgeTypes.hidden;
      way = this.#next(way, isNumbered ? 0 : edgeName[edge] + 1);
      if (!this.#isNameless(owner)) return this.#next(way, -1 - nodeName[owner]);
      way = this.#next(way, isStore ? 0 : nodeName[owner] + 1);
      at = owner;
    }
    return way;
  }

  /** How an object is held, in words: `Session.user.name`, `sessions[key].id`; keys that are data stay out. */
  labelOf(node: number): string {
    const { retainerNode, retainerEdge } = this.#graph;
    let label = '';
    let names = 0;
    let at = node;
    for (let step = 0; step < MOST_STEPS && names < MOST_NAMES; step++) {
      const slot = this.slotOf(at);
      if (slot < 0) break;
      const owner = retainerNode[slot];
      const name = this.nameOf(owner, retainerEdge[slot]);
      label = joined(shortName(name), label);
      if (name !== '' && name !== '[]') names++;
      if (!this.#isNameless(owner)) {
        const type = typeName(this.#graph, owner);
        if (type === 'scope' || type === 'module') return label;
        return isOfProgram(this.#graph, owner) ? joined(shortName(type), label) : INTERNAL;
      }
      at = owner;
    }
    return label === '' ? INTERNAL : label;
  }

  /** The slot of the retainer by which a node is known, rather the program's than V8's own; -1 where nothing holds it. */
  slotOf(node: number): number {
    const { firstRetainer, retainerNode, retainerEdge, nodeType, nodeTypes, edgeType, edgeTypes } = this.#graph;
    const first = firstRetainer[node];
    const end = Math.min(firstRetainer[node + 1], first + RETAINERS_LOOKED_AT);
    let best = -1;
    let bestRank = -1;
    for (let slot = first; slot < end; slot++) {
      const owner = retainerNode[slot];
      if (owner === 0) continue;
      const type = nodeType[owner];
      const via = edgeType[retainerEdge[slot]];
      let rank = type === nodeTypes.array ? 1 : 0;
      if (type === nodeTypes.object || type === nodeTypes.closure)
        rank = via === edgeTypes.property || via === edgeTypes.context ? 4 : via === edgeTypes.element ? 3 : 2;
      if (rank <= bestRank) continue;
      bestRank = rank;
      best = slot;
    }
    return best;
  }

  /** What a person calls the reference of an owner; `[key]` and `[]` where it is data, empty where it is V8's own. */
  nameOf(owner: number, edge: number): string {
    const { edgeType, edgeTypes, edgeName, strings, nodeName } = this.#graph;
    // What stands in a store, or in parts of a string, a person sees in its owner.
    if (isBackingStore(this.#graph, owner) || isStringInParts(this.#graph, owner)) return '';
    const type = edgeType[edge];
    const ownerClass = strings.get(nodeName[owner]);
    if (type === edgeTypes.internal) {
      const name = strings.get(edgeName[edge]);
      if (name === 'elements') return '[]';
      if (name === 'table' || name === 'properties') return '[key]';
      if (name === 'context') return '';
    }
    const label = edgeLabel(this.#graph, owner, edge, this.#isDictionary);
    // A plain object may be a dictionary: its keys are told only where code says them too.
    const isPlain = type === edgeTypes.property && (ownerClass === 'Object' || ownerClass === '');
    return isPlain && !label.startsWith('[') && !this.#words.has(label) ? '[key]' : label;
  }

  #isNameless(owner: number): boolean {
    const { nodeType, nodeTypes, nodeName, strings } = this.#graph;
    if (isBackingStore(this.#graph, owner) || isStringInParts(this.#graph, owner)) return true;
    return nodeType[owner] === nodeTypes.object && NAMELESS.has(strings.get(nodeName[owner]));
  }

  #next(way: number, step: number): number {
    let steps = this.#ways.get(way);
    if (steps === undefined) this.#ways.set(way, (steps = new Map<number, number>()));
    let next = steps.get(step);
    if (next === undefined) steps.set(step, (next = this.#wayCount++));
    return next;
  }
}

/** The label of what the program has no name for: code, roots, handles. */
export const INTERNAL = "V8's and Node's own";

function isStringInParts({ nodeType, nodeTypes }: HeapGraph, node: number): boolean {
  return nodeType[node] === nodeTypes.concatenatedString || nodeType[node] === nodeTypes.slicedString;
}

function isOfProgram({ nodeType, nodeTypes }: HeapGraph, node: number): boolean {
  return nodeType[node] === nodeTypes.object || nodeType[node] === nodeTypes.closure;
}

const NAMELESS = new Set(['', 'Object', 'Array', 'Map', 'Set']);

function joined(owner: string, rest: string): string {
  return owner === '' || rest === '' || rest.startsWith('[') ? owner + rest : `${owner}.${rest}`;
}
