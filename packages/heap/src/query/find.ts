/** Objects by the name that the program has for them, and by the code that made them. */
import { NO_CLASS, retainedByClass } from '../contents/retained-by-class.ts';
import type { Location } from '../finding/finding.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { CodeSite } from '../naming/locator.ts';
import { classNameOf } from './class-name.ts';
import type { CodeObjects, FoundCode, NamedObject, Page } from './answers.ts';
import { viewOf } from './object-view.ts';
import { heaviestPage } from './page.ts';
import type { QueryControl } from './control.ts';
import type { QueriedHeap } from './queried-heap.ts';
import type { CodeQuery, NameQuery } from './queries.ts';

/** Objects that a property or variable of this name holds, the heaviest first, each once. O(edges). */
export function findByName(queried: QueriedHeap, query: NameQuery, control: QueryControl): Page<NamedObject> {
  const { graph, heap, names } = queried;
  const holders = new Map<number, { from: number; edge: number }>();
  const strings = namesIn(queried, query.name);
  const { context, property, internal, shortcut } = graph.edgeTypes;
  const named = new Set([context, property, internal, shortcut]);
  for (let node = 0; node < graph.nodeCount && strings.size > 0; node++) {
    if ((node & 0xffff) === 0) control.checkpoint();
    for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
      if (!strings.has(graph.edgeName[edge]) || !named.has(graph.edgeType[edge])) continue;
      const to = graph.edgeTo[edge];
      // What would be told as `[key]` is not found by its name either.
      if (!holders.has(to) && names.nameOf(node, edge) === query.name) holders.set(to, { from: node, edge });
    }
  }
  return heaviestPage(
    holders.keys(),
    (node) => heap.retained[node],
    query,
    (node) => {
      const { from, edge } = holders.get(node) ?? { from: 0, edge: 0 };
      return {
        object: viewOf(queried, node),
        name: query.name,
        kind: graph.layout.edgeTypeNames[graph.edgeType[edge]],
        heldBy: { id: graph.nodeId[from], type: classNameOf(graph, from) },
      };
    },
  );
}

/** The indexes of strings that read like this: several where the file has a string twice. */
function namesIn({ graph }: QueriedHeap, name: string): Set<number> {
  const bytes = Buffer.byteLength(name);
  const found = new Set<number>();
  for (let index = 0; index < graph.strings.length; index++) {
    const length = graph.strings.byteLength(index);
    // Escapes make a name longer in the file, at most six times.
    if (length < bytes || length > 6 * bytes) continue;
    if (graph.strings.get(index) === name) found.add(index);
  }
  return found;
}

interface Code {
  location: Location;
  nodes: number[];
}

/** What code in a file made and keeps: instances, functions, and the scopes of functions. O(nodes). */
export function findByCode(queried: QueriedHeap, query: CodeQuery, control: QueryControl): FoundCode {
  const { heap } = queried;
  const all = codeIn(queried, query.file, control);
  const files = [...new Set([...all.values()].map(({ location }) => location.file))].sort();
  const found = query.line === undefined ? [...all.values()] : atLine([...all.values()], query.line);
  const codeOf = new Uint32Array(queried.graph.nodeCount).fill(NO_CLASS);
  found.forEach(({ nodes }, at) => {
    for (const node of nodes) codeOf[node] = at;
  });
  const anyOf = codeOf.map((at) => (at === NO_CLASS ? NO_CLASS : 0));
  control.checkpoint();
  const each = retainedByClass(heap, { classOf: codeOf, classCount: found.length });
  const [together] = retainedByClass(heap, { classOf: anyOf, classCount: 1 });
  const tell = (at: number): CodeObjects => {
    const { location, nodes } = found[at];
    const largest = nodes.reduce((best, node) => (heap.retained[node] > heap.retained[best] ? node : best));
    return {
      location,
      type: mostOf(queried.graph, nodes),
      objects: nodes.length,
      shallowBytes: nodes.reduce((sum, node) => sum + queried.graph.nodeSelfSize[node], 0),
      retainedBytes: each[at],
      largestId: queried.graph.nodeId[largest],
    };
  };
  return {
    files: files.slice(0, MOST_FILES),
    retainedBytes: together,
    code: heaviestPage(found.keys(), (at) => each[at], query, tell),
  };
}

const MOST_FILES = 20;

/** The class that most of them are of; instances say more than the function that made them. */
function mostOf(graph: HeapGraph, nodes: number[]): string {
  const instances = nodes.filter((node) => graph.nodeType[node] === graph.nodeTypes.object);
  const counts = new Map<string, number>();
  for (const node of instances.length > 0 ? instances : nodes) {
    const name = classNameOf(graph, node);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Every class, function and scope of files whose path ends so, by location. */
function codeIn(queried: QueriedHeap, file: string, control: QueryControl): Map<string, Code> {
  const { graph, heap } = queried;
  const wanted = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const isWanted = (path: string): boolean => {
    const whole = path.replaceAll('\\', '/');
    return (
      whole === wanted || (whole.endsWith(wanted) && (wanted.startsWith('/') || whole.at(-wanted.length - 1) === '/'))
    );
  };
  const all = new Map<string, Code>();
  const add = (node: number, site: CodeSite | undefined): Code | undefined => {
    // By the file that a person edits, and by the compiled one.
    if (site === undefined || ![site.location.file, site.script].some(isWanted)) return undefined;
    const { location } = site;
    const key = `${location.file}\n${location.line}\n${location.column}`;
    const code = all.get(key);
    if (!code) all.set(key, { location, nodes: [node] });
    else if (code.nodes.at(-1) !== node) code.nodes.push(node);
    return all.get(key);
  };
  // All that one function or class made has one position: it is mapped and compared once.
  const known = new Map<string, Code | undefined>();
  for (let row = 0; row < graph.locations.length; row += 4) {
    if ((row & 0xffff) === 0) control.checkpoint();
    const [node, script, line, column] = graph.locations.subarray(row, row + 4);
    const position = `${script}:${line}:${column}`;
    if (known.has(position)) known.get(position)?.nodes.push(node);
    else known.set(position, add(node, heap.locator.site(node)));
  }
  // Scopes and modules have no row of their own.
  const { hidden, object } = graph.nodeTypes;
  const isUnlisted = new Map<number, boolean>();
  for (let node = 0; node < graph.nodeCount; node++) {
    if ((node & 0xffff) === 0) control.checkpoint();
    if (graph.nodeType[node] !== hidden && graph.nodeType[node] !== object) continue;
    const name = graph.nodeName[node];
    let unlisted = isUnlisted.get(name);
    if (unlisted === undefined) {
      unlisted = /^system \/ (Context|SourceTextModule)$/.test(graph.strings.get(name));
      isUnlisted.set(name, unlisted);
    }
    if (unlisted) add(node, heap.locator.site(node));
  }
  return all;
}

/** In each file, what begins at the line, or last before it. */
function atLine(all: Code[], line: number): Code[] {
  const nearest = new Map<string, number>();
  for (const { location } of all) {
    if (location.line > line) continue;
    nearest.set(location.file, Math.max(nearest.get(location.file) ?? 0, location.line));
  }
  return all.filter(({ location }) => nearest.get(location.file) === location.line);
}
