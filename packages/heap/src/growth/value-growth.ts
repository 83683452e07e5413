/**
 * What grows without objects that stay: numbers in an array, ids in a Set, a text or a buffer that is replaced by a
 * longer one. Objects' ids say nothing of these; what is compared is how many bytes of values each old object holds itself.
 *
 * Nor does an id say that a value stayed. What is filled and emptied by turns is as large, at moments of equal distance,
 * as what only grows: so growth of values is no more than suspected, until steps of unequal work show the same growth by
 * the work.
 */
import { classKey } from '../graph/class-key.ts';
import type { Growth, GrowthInput } from './grown.ts';
import { largeValues } from './large-values.ts';

/** Growth below this, in all or (of texts and buffers) in a step, is a start-up detail. */
const LEAST_BYTES = 4096;
const LEAST_BYTES_PER_STEP = 1024;
/** Steps of which the longest is not so much longer than the shortest are of equal work: a memory test's differ by 1.29 or more. */
const UNEQUAL = 1.25;
/** Texts and buffers have the size of what is in them: the growth of each step is nearly the same by the work. */
const LEAST_STEADINESS = 0.8;
/**
 * A store is as large as its content or larger: V8's tables double, an array's elements grow by a half and 16 slots
 * (`JSObject::NewElementsCapacity`). The rest is its header.
 */
const MOST_ROOM = 2.05;
const MOST_ROOM_OF_ARRAYS = 1.55;
const HEADER_BYTES = 256;
/** A store that has less than doubled may hold what it always held. */
const LEAST_STORE_GROWTH = 1.9;
/** References that came with a store's growth, by a pointer's size and some room: where they explain it, objects do. */
const BYTES_PER_REFERENCE = 24;

/** Tables that hold their keys weakly, and the program's globals, which V8 keeps in cells. */
const NO_HOLDERS = /^(WeakMap|WeakSet|global|FinalizationRegistry)$/;

/** Finds the holders of such growth, the heaviest first, but for those of `known`. O(nodes). */
export function findValueGrowth(input: GrowthInput, known: ReadonlySet<number>): Growth[] {
  const { graph, cohort, workPerStep } = input;
  if (workPerStep.length < 2) return [];
  const { nodeType, nodeTypes, nodeName, strings } = graph;
  const large = largeValues(graph);
  const found: Growth[] = [];
  for (let node = 1; node < graph.nodeCount; node++) {
    if (cohort[node] !== 0 || known.has(node)) continue;
    if (nodeType[node] !== nodeTypes.object && nodeType[node] !== nodeTypes.closure) continue;
    const values = large.get(node);
    const steps = (values && valueSteps(input, node, values.bytes)) ?? storeSteps(input, node);
    if (steps === undefined || NO_HOLDERS.test(strings.get(nodeName[node]))) continue;
    found.push(growthOf(input, { holder: node, sample: values?.largest ?? node, steps }));
  }
  const grown = ({ bytesPerStep }: Growth): number => bytesPerStep.reduce((sum, bytes) => sum + bytes, 0);
  return found.sort((a, b) => grown(b) - grown(a));
}

function growthOf(
  { graph, workPerStep }: GrowthInput,
  { holder, sample, steps }: { holder: number; sample: number; steps: number[] },
): Growth {
  const isUnequal = Math.max(...workPerStep) >= UNEQUAL * Math.min(...workPerStep);
  return {
    verdict: isUnequal ? 'leak' : 'suspect',
    reason: isUnequal
      ? 'the values in it grew in step with the work, in steps of unequal work'
      : 'the values in it grew in step with the work; steps of unequal work would show whether they are let go by turns',
    holder,
    members: [],
    sampleType: sample === holder ? 'value' : classKey(graph, sample),
    sample,
    samples: [sample],
    countPerStep: steps.map(() => 0),
    ofValues: true,
    bytesPerStep: steps,
    steadiness: 1,
  };
}

/** What a figure of a holder was in each snapshot. */
function seriesOf(
  { graph, earlier }: GrowthInput,
  node: number,
  was: (snapshot: GrowthInput['earlier'][number], at: number) => number,
  now: number,
): number[] {
  const id = graph.objectId[node];
  return [...earlier.map((snapshot) => was(snapshot, snapshot.index.get(id))), now];
}

/** Growth of a holder's large texts and buffers by steps, where it is in step with the work. */
function valueSteps(input: GrowthInput, node: number, now: number): number[] | undefined {
  const { graph, workPerStep } = input;
  const series = seriesOf(input, node, ({ large }) => large.get(graph.objectId[node]) ?? 0, now);
  const steps = differences(series);
  if (steps.some((bytes) => bytes < LEAST_BYTES_PER_STEP) || now - series[0] < LEAST_BYTES) return undefined;
  const rates = steps.map((bytes, k) => bytes / workPerStep[k]);
  return Math.min(...rates) >= LEAST_STEADINESS * Math.max(...rates) ? steps : undefined;
}

/** Growth of a holder's stores by steps, where content that grew in step with the work makes it, and no references do. */
function storeSteps(input: GrowthInput, node: number): number[] | undefined {
  const { graph, sizes, workPerStep } = input;
  const now = sizes.storeBytes[node];
  if (now < LEAST_BYTES) return undefined;
  const series = seriesOf(input, node, ({ storeBytes }, at) => storeBytes[at], now);
  const steps = differences(series);
  if (steps.some((bytes) => bytes < 0) || now - series[0] < LEAST_BYTES || now < LEAST_STORE_GROWTH * series[0])
    return undefined;
  const mostRoom = graph.strings.get(graph.nodeName[node]) === 'Array' ? MOST_ROOM_OF_ARRAYS : MOST_ROOM;
  const least = series.map((bytes) => Math.max(0, (bytes - HEADER_BYTES) / mostRoom));
  if (steps[steps.length - 1] === 0 || !mayBeFilledEvenly({ least, most: series }, workPerStep)) return undefined;
  const references = seriesOf(input, node, ({ degree }, at) => degree[at], sizes.degree[node]);
  const came = references[references.length - 1] - references[0];
  return came * BYTES_PER_REFERENCE * 2 < now - series[0] ? steps : undefined;
}

/** Whether a content that grows by the same for each unit of work, and does grow, may have been within such bounds. */
function mayBeFilledEvenly(
  { least, most }: { least: readonly number[]; most: readonly number[] },
  workPerStep: readonly number[],
): boolean {
  const work = [0];
  for (const step of workPerStep) work.push(work[work.length - 1] + step);
  const fits = (slope: number): boolean => {
    const from = Math.max(...least.map((bytes, k) => bytes - slope * work[k]));
    const to = Math.min(...most.map((bytes, k) => bytes - slope * work[k]));
    return slope > 0 && from <= to + 1;
  };
  // Where any line fits, one does that touches a bound at each of two points.
  return most.some((_, i) =>
    most.slice(i + 1).some((_later, after) => {
      const j = i + 1 + after;
      const distance = work[j] - work[i];
      return fits((least[j] - most[i]) / distance) || fits((most[j] - least[i]) / distance);
    }),
  );
}

function differences(series: readonly number[]): number[] {
  return series.slice(1).map((value, k) => value - series[k]);
}
