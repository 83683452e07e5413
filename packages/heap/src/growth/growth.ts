/**
 * From what is new to what grows: holders whose content grew in every step, in step with the work, and kept what it got.
 */
import { containerOf } from '../graph/containers.ts';
import type { ContainerSizes } from '../graph/containers.ts';
import { dominatedBelow } from '../graph/dominated.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { classKey } from '../graph/class-key.ts';
import { isText } from '../graph/texts.ts';
import { fixedLengthArrays, heldWithinBound } from './bound.ts';
import { declaredBound } from './declared-bound.ts';
import type { Growth, GrowthInput, GrowthVerdict } from './grown.ts';
import { findRegions, type Region } from './regions.ts';
import { findValueGrowth } from './value-growth.ts';

/** Below this many objects a step, growth is a start-up detail (a module loaded late, a pool filled). */
const LEAST_OBJECTS_PER_STEP = 12;
const LEAST_BYTES_PER_STEP = 1024;
/** Steps of equal work whose growth differs by more than this are not in step with the work. */
const LEAST_STEADINESS = 0.6;
/** Where less than this is left of an earlier step than of the last one, objects come and go. */
const LEAST_KEPT_SHARE = 0.4;

/** Finds the holders that grow, the heaviest growth first. O(edges). */
export function findGrowth(input: GrowthInput): Growth[] {
  const steps = input.earlier.length;
  const regions = mergeChains(input, findRegions(input.graph, input.tree, input.cohort, steps));
  const fixed = fixedLengthArrays(input.graph, input.sizes.elements, input.cohort, input.earlier);
  const found: Growth[] = [];
  for (const region of regions) {
    // What grew all over the heap, and what V8 lets go of, is in nothing that can be bounded.
    if (region.holder === 0 || isStringTable(input.graph, region.holder)) continue;
    const last = region.objects[steps];
    if (last < LEAST_OBJECTS_PER_STEP && region.objects.slice(1).every((count) => count < LEAST_OBJECTS_PER_STEP))
      continue;
    const growth = judge(input, region, fixed);
    if (growth) found.push(growth);
  }
  found.push(...findValueGrowth(input, new Set(found.map(({ holder }) => holder))));
  const grown = (growth: Growth): number => growth.bytesPerStep.reduce((sum, bytes) => sum + bytes, 0);
  const order: GrowthVerdict[] = ['leak', 'suspect', 'bounded'];
  return found.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || grown(b) - grown(a));
}

/** V8's table of equal strings lets go of those that nobody else holds. */
function isStringTable({ nodeType, nodeTypes, nodeName, strings }: HeapGraph, node: number): boolean {
  return nodeType[node] === nodeTypes.synthetic && strings.get(nodeName[node]) === '(Internalized strings)';
}

/**
 * A chain's old links are each the owner of what hangs on them; what holds the chain is the first object above that is
 * no link itself.
 */
function mergeChains(input: GrowthInput, regions: Region[]): Region[] {
  const merged = new Map<number, Region>();
  for (const region of regions) {
    const holder = region.direct.length < LEAST_OBJECTS_PER_STEP ? aboveChain(input, region) : region.holder;
    const known = merged.get(holder);
    if (!known) merged.set(holder, { ...region, holder });
    else {
      for (const member of region.members) known.members.push(member);
      for (const member of region.direct) known.direct.push(member);
      region.objects.forEach((count, k) => (known.objects[k] += count));
      region.bytes.forEach((bytes, k) => (known.bytes[k] += bytes));
    }
  }
  return [...merged.values()];
}

/**
 * The first object above a region's holder that is of another class than the links that hang on it. Plain objects and
 * arrays are links only where each hangs on the one before by the same name.
 */
function aboveChain({ graph, tree }: GrowthInput, region: Region): number {
  const isLink = isOfItsClass(graph, region.holder);
  const next = region.members.find(isLink);
  if (next === undefined) return region.holder;
  if (isPlain(graph, region.holder) && !sharesNameWith(graph, region.holder)(next)) return region.holder;
  let holder = region.holder;
  while (holder !== 0 && isLink(holder)) {
    const above = containerOf(graph, tree.idom[holder]);
    holder = above >= 0 ? above : tree.idom[holder];
  }
  return holder;
}

/** Tells whether an object has the class of the one given. */
function isOfItsClass({ nodeName, nodeType }: HeapGraph, one: number): (node: number) => boolean {
  return (node) => nodeName[node] === nodeName[one] && nodeType[node] === nodeType[one];
}

/** Whether an object has no class of its own: what it is for is told only by the name that holds it. */
function isPlain({ nodeName, strings }: HeapGraph, node: number): boolean {
  return /^(Object|Array|)$/.test(strings.get(nodeName[node]));
}

/** Tells whether an object is held by a property of the same name as the one given. */
function sharesNameWith(graph: HeapGraph, one: number): (node: number) => boolean {
  const names = new Set(propertyNames(graph, one));
  return (node) => propertyNames(graph, node).some((name) => names.has(name));
}

function propertyNames(graph: HeapGraph, node: number): number[] {
  const names: number[] = [];
  for (let slot = graph.firstRetainer[node]; slot < graph.firstRetainer[node + 1]; slot++) {
    const edge = graph.retainerEdge[slot];
    if (graph.edgeType[edge] === graph.edgeTypes.property) names.push(graph.edgeName[edge]);
  }
  return names;
}

function judge(input: GrowthInput, region: Region, fixed: ReadonlySet<number>): Growth | undefined {
  const { graph, earlier, sizes, workPerStep } = input;
  const steps = earlier.length;
  const bytesPerStep = region.bytes.slice(1);
  const objectsPerStep = region.objects.slice(1);
  const enough =
    objectsPerStep.every((count) => count >= LEAST_OBJECTS_PER_STEP) &&
    bytesPerStep.every((bytes) => bytes >= LEAST_BYTES_PER_STEP);
  if (!enough) return undefined;
  const { type, samples, countPerStep } = leadingClass(input, region);
  const steadiness = Math.min(
    ...[objectsPerStep, bytesPerStep, degreeSteps(input, region, sizes)]
      .filter((s) => s !== null)
      .map((s) => lastOverFirst(s, workPerStep)),
  );
  const common = {
    holder: region.holder,
    members: region.members,
    sampleType: type,
    sample: samples[samples.length - 1],
    samples,
    countPerStep,
    bytesPerStep,
    steadiness,
  };
  if (heldWithinBound(graph, region, fixed)) {
    return {
      ...common,
      verdict: 'bounded',
      bound: { kind: 'slots' },
      reason: 'it fills slots of a fixed number, which were there from the start',
    };
  }
  const came = countPerStep.reduce((sum, count) => sum + count, 0);
  const bound = declaredBound(graph, region.holder, Math.max(came, entriesOf(graph, region.holder, sizes)));
  if (bound) {
    return {
      ...common,
      verdict: 'bounded',
      bound: { kind: 'declared', ...bound },
      reason: `${bound.name} beside it says that it ends at ${bound.limit.toLocaleString('en')}, and it has stayed below`,
    };
  }
  if (keptShare(objectsPerStep, workPerStep) < LEAST_KEPT_SHARE) return undefined;
  if (steadiness < LEAST_STEADINESS) {
    return {
      ...common,
      verdict: 'bounded',
      bound: { kind: 'slowing', lastOverFirst: steadiness },
      reason: `its growth slows down: the last step brought ${Math.round(steadiness * 100)} % of the first`,
    };
  }
  if (countPerStep.some((count) => count < LEAST_OBJECTS_PER_STEP)) {
    const fewest = Math.min(...countPerStep);
    const reason = `it grew in every step, but by as few as ${fewest} in one: more work between the snapshots would show whether it goes on`;
    return { ...common, verdict: 'suspect', reason };
  }
  if (steps < 2)
    return {
      ...common,
      verdict: 'suspect',
      reason: 'it grew between two snapshots; a third would show whether it goes on',
    };
  return { ...common, verdict: 'leak', reason: 'it grew in every step, in step with the work, and kept what it got' };
}

/** How many entries a collection has at least: a Map references a key and a value for each. */
function entriesOf(graph: HeapGraph, holder: number, sizes: ContainerSizes): number {
  const { degree, elements } = sizes;
  return elements[holder] || degree[holder] / (graph.strings.get(graph.nodeName[holder]) === 'Map' ? 2 : 1);
}

/** What is still there of the earliest step's objects, over what the last step left: churn leaves little, a leak all. */
function keptShare(objectsPerStep: number[], workPerStep: number[]): number {
  const rates = objectsPerStep.map((value, k) => value / workPerStep[k]);
  return Math.min(...rates.slice(0, -1), Infinity) / rates[rates.length - 1];
}

/** Growth of the holder's own references in each step, where the holder references its members itself. */
function degreeSteps(input: GrowthInput, region: Region, sizes: ContainerSizes): number[] | null {
  const { graph, earlier } = input;
  const id = graph.objectId[region.holder];
  const degrees: number[] = [];
  for (const snapshot of earlier) {
    const at = snapshot.index.get(id);
    if (at < 0) return null;
    degrees.push(snapshot.degree[at]);
  }
  degrees.push(sizes.degree[region.holder]);
  const steps = degrees.slice(1).map((degree, k) => degree - degrees[k]);
  // Where most members hang on others (a linked list, a chain), the holder's own references say nothing.
  return region.direct.length * 2 < region.members.length || region.members.length < LEAST_OBJECTS_PER_STEP
    ? null
    : steps;
}

/** The least of the later steps over the first one, each by its work. */
function lastOverFirst(perStep: number[], workPerStep: number[]): number {
  const rates = perStep.map((value, k) => value / workPerStep[k]);
  if (rates.length < 2) return 1;
  if (rates[0] <= 0) return rates[rates.length - 1] > 0 ? 1 : 0;
  return Math.min(...rates.slice(1)) / rates[0];
}

const MOST_SAMPLES = 32;

function leadingClass(input: GrowthInput, region: Region): { type: string; samples: number[]; countPerStep: number[] } {
  const { graph, cohort, earlier } = input;
  const steps = earlier.length;
  const classes = new Map<string, { samples: number[]; perStep: number[]; weight: number }>();
  const visit = (node: number): void => {
    const key = classKey(graph, node);
    let entry = classes.get(key);
    if (!entry) classes.set(key, (entry = { samples: [], perStep: new Array<number>(steps).fill(0), weight: 0 }));
    entry.perStep[cohort[node] - 1]++;
    entry.weight += isScalar(graph, node) ? 0.01 : 1;
    entry.samples.push(node);
    if (entry.samples.length > 2 * MOST_SAMPLES) entry.samples.splice(0, MOST_SAMPLES);
  };
  const isChain = region.direct.length < LEAST_OBJECTS_PER_STEP;
  const nodes = !isChain
    ? region.direct
    : cameInEveryStep(region.members, cohort, steps)
      ? region.members
      : chainNodes(input, region);
  // Of a chain, its links are what piles up, not what hangs on them.
  const links = isChain ? nodes.filter(isLinkOf(graph, region.members[0])) : [];
  const visited = cameInEveryStep(links, cohort, steps) ? links : nodes;
  for (const node of visited) if (cohort[node] > 0) visit(node);
  let best: { type: string; samples: number[]; countPerStep: number[]; weight: number } | undefined;
  for (const [type, { samples, perStep, weight }] of classes) {
    if (!best || weight > best.weight) best = { type, samples, countPerStep: perStep, weight };
  }
  return best ?? { type: 'object', samples: [region.members[0]], countPerStep: new Array<number>(steps).fill(0) };
}

/** Tells whether an object is a link of the chain that another is one of. */
function isLinkOf(graph: HeapGraph, link: number): (node: number) => boolean {
  const isOfClass = isOfItsClass(graph, link);
  if (!isPlain(graph, link)) return isOfClass;
  const sharesName = sharesNameWith(graph, link);
  return (node) => isOfClass(node) && sharesName(node);
}

/** Whether nodes tell of every step: of a list whose end alone is leaked, the members are its newest links only. */
function cameInEveryStep(nodes: readonly number[], cohort: Uint8Array, steps: number): boolean {
  const perStep = new Array<number>(steps).fill(0);
  for (const node of nodes) if (cohort[node] > 0) perStep[cohort[node] - 1]++;
  return perStep.every((count) => count >= LEAST_OBJECTS_PER_STEP);
}

/**
 * The objects and functions among what a chain's members dominate: all of them, or the steps would be uneven. The pieces
 * of a text that gets longer are a chain without any.
 */
function chainNodes({ graph, tree, cohort }: GrowthInput, region: Region): number[] {
  const { nodeType, nodeTypes } = graph;
  const below = dominatedBelow(tree, region.members, (node) => cohort[node] > 0);
  const objects = below.filter((node) => nodeType[node] === nodeTypes.object || nodeType[node] === nodeTypes.closure);
  return objects.length > 0 ? objects : below.filter((node) => isText(graph, node));
}

function isScalar(graph: HeapGraph, node: number): boolean {
  const type = graph.nodeType[node];
  return isText(graph, node) || type === graph.nodeTypes.number || type === graph.nodeTypes.symbol;
}
