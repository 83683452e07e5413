/**
 * Retained memory as nested areas: the dominator tree from the top down, the heaviest area first, as far as a picture can
 * show. In each area, what an object alone holds, V8's plumbing (stores, code, hidden classes) looked through to the
 * objects behind it; objects of one class side by side are one area, and so are the links of a chain. Every node of the
 * heap is looked at once at most, in the one area that it stands in: O(nodes).
 */
import { NO_NODE } from '../graph/dominators.ts';
import { typeName } from '../naming/labels.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { ClassTable } from './class-table.ts';
import type { TreemapNode } from './contents.ts';
import type { References } from './references.ts';
import { shortName } from './short-name.ts';

const MOST_AREAS = 2000;
const MOST_CHILDREN = 50;
const DEEPEST = 24;
/** Areas below this share of the area around them, or of the heap, stay a part of it. */
const LEAST_SHARE_OF_PARENT = 0.01;
const LEAST_SHARE = 0.0005;
/** Objects of the class above them are the next links of a chain where they are at least so much of what is above. */
const CHAIN_SHARE = 0.5;

/** What the areas are drawn from. */
export interface TreemapInput {
  heap: OpenedHeap;
  table: ClassTable;
  references: References;
}

/** Objects of one class that stand side by side, or plumbing of one kind, which has no members. */
interface Part {
  ownClass: number;
  objects: number;
  bytes: number;
  /** Its members are a list through {@link Drawing}.nextMember, {@link NO_NODE} at its end. */
  firstMember: number;
  memberCount: number;
}

interface Area {
  told: TreemapNode;
  part: Part;
  depth: number;
}

/** What is used again and again while the areas are drawn. */
interface Drawing extends TreemapInput {
  nextMember: Uint32Array;
  /** By V8's node type: 1 where nodes of it are looked through. */
  isPlumbing: Uint8Array;
  /** By class, the place among the parts of the area at hand, plus one; 0 where there is none. */
  placeOf: Uint32Array;
}

/** Draws the heap. */
export function describeTreemap(input: TreemapInput): TreemapNode {
  const { graph, retained } = input.heap;
  const drawing: Drawing = {
    ...input,
    nextMember: new Uint32Array(graph.nodeCount).fill(NO_NODE),
    isPlumbing: Uint8Array.from(graph.layout.nodeTypeNames, (type) => (PLUMBING.has(type) ? 1 : 0)),
    placeOf: new Uint32Array(input.table.names.length),
  };
  const bytes = retained[0];
  const root: Area = {
    told: { name: 'heap', type: 'heap', objects: graph.nodeCount, retainedBytes: bytes, location: null, children: [] },
    part: { ownClass: NO_NODE, objects: 1, bytes, firstMember: 0, memberCount: 1 },
    depth: 0,
  };
  const waiting = [root];
  let areas = 1;
  while (waiting.length > 0 && areas < MOST_AREAS) {
    const area = takeHeaviest(waiting);
    const parts = partsOf(drawing, area).slice(0, Math.min(MOST_CHILDREN, MOST_AREAS - areas));
    areas += parts.length;
    for (const part of parts) {
      const told = tellPart(drawing, part);
      area.told.children.push(told);
      if (part.memberCount > 0 && area.depth + 1 < DEEPEST) waiting.push({ told, part, depth: area.depth + 1 });
    }
  }
  return root.told;
}

/** There are too few for a heap of their own to pay. */
function takeHeaviest(waiting: Area[]): Area {
  let best = 0;
  for (let at = 1; at < waiting.length; at++) if (waiting[at].part.bytes > waiting[best].part.bytes) best = at;
  const [area] = waiting.splice(best, 1);
  return area;
}

/** The parts of an area, the heaviest first, the small ones left out. Adds the links of a chain to the area itself. */
function partsOf(drawing: Drawing, area: Area): Part[] {
  const parts: Part[] = [];
  let last = area.part;
  for (;;) {
    collectBelow(drawing, last, parts);
    const place = last.ownClass === NO_NODE ? 0 : drawing.placeOf[last.ownClass];
    const next = place === 0 ? undefined : parts[place - 1];
    if (!next || next.memberCount === 0 || next.memberCount > last.memberCount) break;
    if (next.bytes < last.bytes * CHAIN_SHARE) break;
    area.told.objects += next.objects;
    last = { ...next };
    Object.assign(next, { objects: 0, bytes: 0, firstMember: NO_NODE, memberCount: 0 });
  }
  for (const part of parts) drawing.placeOf[part.ownClass] = 0;
  const least = Math.max(area.part.bytes * LEAST_SHARE_OF_PARENT, drawing.heap.retained[0] * LEAST_SHARE, 1);
  return parts
    .filter((part) => part.bytes >= least)
    .flatMap((part) => withNamesApart(drawing, part, least))
    .filter((part) => part.bytes >= least)
    .sort((a, b) => b.bytes - a.bytes);
}

/** Large objects that have a name of their own (`uploads: Array`, `index: Array`) are areas of their own. */
function withNamesApart(drawing: Drawing, part: Part, least: number): Part[] {
  if (part.objects === 1 || part.memberCount === 0) return [part];
  const { retained } = drawing.heap;
  const { nextMember } = drawing;
  const apart: Part[] = [];
  const rest = { ...part, firstMember: NO_NODE, memberCount: 0 };
  for (let node = part.firstMember; node !== NO_NODE;) {
    const next = nextMember[node];
    if (retained[node] >= least && nameOf(drawing, node) !== undefined) {
      nextMember[node] = NO_NODE;
      apart.push({ ownClass: part.ownClass, objects: 1, bytes: retained[node], firstMember: node, memberCount: 1 });
      rest.objects--;
      rest.bytes -= retained[node];
    } else {
      nextMember[node] = rest.firstMember;
      rest.firstMember = node;
      rest.memberCount++;
    }
    node = next;
  }
  return rest.objects > 0 ? [...apart, rest] : apart;
}

/** Sorts what the members of a part dominate, directly or through plumbing, into parts by class. */
function collectBelow(drawing: Drawing, above: Part, parts: Part[]): void {
  const { heap, table, nextMember, placeOf, isPlumbing } = drawing;
  const { graph, retained, tree } = heap;
  const { nodeSelfSize, nodeType } = graph;
  const { order, end } = tree;
  const { classOf } = table;
  for (let member = above.firstMember; member !== NO_NODE; member = nextMember[member]) {
    const start = tree.place[member];
    for (let at = start + 1; at < end[start];) {
      const child = order[at];
      const ownClass = classOf[child];
      let place = placeOf[ownClass];
      if (place === 0) {
        place = parts.push({ ownClass, objects: 0, bytes: 0, firstMember: NO_NODE, memberCount: 0 });
        placeOf[ownClass] = place;
      }
      const part = parts[place - 1];
      if (isPlumbing[nodeType[child]] === 1) {
        at++; // what it dominates comes next
        if (nodeSelfSize[child] === 0) continue;
        part.bytes += nodeSelfSize[child];
      } else {
        at = end[at];
        part.bytes += retained[child];
        part.memberCount++;
        nextMember[child] = part.firstMember;
        part.firstMember = child;
      }
      part.objects++;
    }
  }
}

const PLUMBING = new Set(['hidden', 'array', 'code', 'object shape', 'synthetic']);

function tellPart(drawing: Drawing, { ownClass, bytes, objects, firstMember: first }: Part): TreemapNode {
  const { heap, table } = drawing;
  const { graph, locator } = heap;
  const className = table.names[ownClass];
  const base = { objects, retainedBytes: bytes, children: [] };
  if (first === NO_NODE) return { name: className, type: className, location: null, ...base };
  // A class has one place; functions have one where they are one piece of code.
  const isFunction = graph.nodeType[first] === graph.nodeTypes.closure;
  const areOne = !isFunction || areOfOneName(drawing, first);
  const type = objects === 1 || (isFunction && areOne) ? shortName(typeName(graph, first)) : className;
  const hasPlace = isFunction ? areOne : graph.nodeType[first] === graph.nodeTypes.object;
  const location = hasPlace ? (locator.site(first)?.location ?? null) : null;
  if (objects > 1) return { name: type, type, location, ...base };
  return { name: nameOf(drawing, first) ?? type, type, location, nodeId: graph.nodeId[first], ...base };
}

function areOfOneName({ heap: { graph }, nextMember }: Drawing, first: number): boolean {
  for (let node = nextMember[first]; node !== NO_NODE; node = nextMember[node])
    if (graph.nodeName[node] !== graph.nodeName[first]) return false;
  return true;
}

/** The variable or property by which an object is held. */
function nameOf({ heap: { graph }, references }: Drawing, node: number): string | undefined {
  const slot = references.slotOf(node);
  if (slot < 0) return undefined;
  const edge = graph.retainerEdge[slot];
  const type = graph.edgeType[edge];
  if (type !== graph.edgeTypes.property && type !== graph.edgeTypes.context) return undefined;
  const name = references.nameOf(graph.retainerNode[slot], edge);
  return name === '' || name.startsWith('[') ? undefined : shortName(name);
}
