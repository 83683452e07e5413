/**
 * Bounds that a program declares: a number by the name of a limit beside a collection, which the collection's size
 * respects. Numbers stand only in snapshots taken with `exposeNumericValues`, as Ebb takes them.
 *
 * Beside it is: on the collection itself, on what holds it, in the options there, and among the statics and the module's
 * constants of the class that holds it.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';

/** A limit found beside a collection. */
export interface DeclaredBound {
  name: string;
  limit: number;
}

const LIMIT_WORDS = new Set(['max', 'maximum', 'limit', 'capacity', 'cap', 'ceiling', 'bound', 'quota']);
/** Words that say how many; limits on bytes, ages, delays and retries say nothing about that. */
const COUNT_WORDS = new Set(
  'entry item key element count length record size object number num of total cache cached stored kept allowed'.split(
    ' ',
  ),
);
const OPTIONS = /^[#_]*(?:opts|options|config|settings|limits|policy)$/i;
const MEASURE_NAME = /size|bytes|weight/i;
/** Who writes such a limit means none. */
const NO_LIMIT = 1e9;

/** What has more references is data: a dictionary, a list. */
const MOST_FIELDS = 1000;

interface Numeric {
  name: string;
  value: number;
}

/** The limit beside `holder` that `entries` respects, or undefined. O(retainers and their fields). */
export function declaredBound(graph: HeapGraph, holder: number, entries: number): DeclaredBound | undefined {
  const ownNames: string[] = [];
  const holders: number[] = [];
  for (let slot = graph.firstRetainer[holder]; slot < graph.firstRetainer[holder + 1]; slot++) {
    const edge = graph.retainerEdge[slot];
    const type = graph.edgeType[edge];
    if (type !== graph.edgeTypes.property && type !== graph.edgeTypes.context) continue;
    ownNames.push(graph.strings.get(graph.edgeName[edge]));
    holders.push(graph.retainerNode[slot]);
  }
  const own = new Set(ownNames.flatMap(wordsOf));
  for (const place of [holder, ...holders]) {
    const bound = boundAmong(numbersBeside(graph, place), own, entries);
    if (bound) return bound;
  }
  for (const place of holders) {
    // A module declares many limits, of many things: only one that names this collection is its own.
    const named = numbersOfClass(graph, place).filter(({ name }) => wordsOf(name).some((word) => own.has(word)));
    const bound = boundAmong(named, own, entries);
    if (bound) return bound;
  }
  return undefined;
}

function boundAmong(numbers: Numeric[], own: ReadonlySet<string>, entries: number): DeclaredBound | undefined {
  // A size that is kept apart from the number of entries: then a limit on size means that, not the number.
  const measures = numbers.some(
    ({ name, value }) => MEASURE_NAME.test(name) && !isLimitName(name, own) && value > entries,
  );
  const bound = numbers.find(
    ({ name, value }) =>
      isLimitName(name, own) && value >= entries && value < NO_LIMIT && !(measures && /size/i.test(name)),
  );
  return bound && { name: bound.name, limit: bound.value };
}

/** Whether a name says how many there may be: a word for a limit, and else words that count or name the collection. */
function isLimitName(name: string, own: ReadonlySet<string>): boolean {
  const words = wordsOf(name);
  const rest = words.filter((word) => !LIMIT_WORDS.has(word));
  return rest.length < words.length && rest.every((word) => COUNT_WORDS.has(word) || own.has(word));
}

/** A name's words in lower case, singular: `MAX_SESSIONS` and `maxSession` are the same two. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
    .map((word) => (/ies$/.test(word) ? word.replace(/ies$/, 'y') : word.replace(/([^s])s$/, '$1')));
}

/** Numbers that an object or scope has itself, and those in its options. */
function numbersBeside(graph: HeapGraph, node: number): Numeric[] {
  const found: Numeric[] = [];
  for (const { name, to } of fieldsOf(graph, node)) {
    if (OPTIONS.test(name) && graph.nodeType[to] === graph.nodeTypes.object) found.push(...numbersOf(graph, to));
  }
  return [...numbersOf(graph, node), ...found];
}

/** Numbers of an instance's class: its statics, and the variables of the scope that the class stands in. */
function numbersOfClass(graph: HeapGraph, instance: number): Numeric[] {
  const prototype = fieldsOf(graph, instance).find(({ name }) => name === '__proto__')?.to;
  const constructor =
    prototype === undefined ? undefined : fieldsOf(graph, prototype).find(({ name }) => name === 'constructor')?.to;
  if (constructor === undefined || graph.nodeType[constructor] !== graph.nodeTypes.closure) return [];
  const found = numbersOf(graph, constructor);
  for (let edge = graph.firstEdge[constructor]; edge < graph.firstEdge[constructor + 1]; edge++) {
    if (graph.edgeType[edge] === graph.edgeTypes.internal && graph.strings.get(graph.edgeName[edge]) === 'context')
      found.push(...numbersOf(graph, graph.edgeTo[edge]));
  }
  return found;
}

function numbersOf(graph: HeapGraph, node: number): Numeric[] {
  const found: Numeric[] = [];
  for (const { name, to } of fieldsOf(graph, node)) {
    if (graph.nodeType[to] !== graph.nodeTypes.number) continue;
    const value = numericValue(graph, to);
    if (value !== undefined && Number.isSafeInteger(value) && value > 0) found.push({ name, value });
  }
  return found;
}

function fieldsOf(graph: HeapGraph, node: number): { name: string; to: number }[] {
  const fields: { name: string; to: number }[] = [];
  if (graph.firstEdge[node + 1] - graph.firstEdge[node] > MOST_FIELDS) return fields;
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    const type = graph.edgeType[edge];
    if (type === graph.edgeTypes.property || type === graph.edgeTypes.context)
      fields.push({ name: graph.strings.get(graph.edgeName[edge]), to: graph.edgeTo[edge] });
  }
  return fields;
}

/** A number node's value is a string that it refers to by `value`. */
function numericValue(graph: HeapGraph, number: number): number | undefined {
  for (let edge = graph.firstEdge[number]; edge < graph.firstEdge[number + 1]; edge++) {
    if (graph.edgeType[edge] !== graph.edgeTypes.internal || graph.strings.get(graph.edgeName[edge]) !== 'value')
      continue;
    return Number(graph.strings.get(graph.nodeName[graph.edgeTo[edge]]));
  }
  return undefined;
}
