/**
 * Which stretch of which life had which steps. Lives that came with the same step form an epoch; where a step came while they
 * ran, the epoch is cut. Such a piece is a cell: all its processes did the same, as far as anybody knows. Pure.
 */
import type { GrowthPoint } from '@ebb/trend';
import type { Life } from './life.ts';
import { earlyMs, runs, type Step } from './steps.ts';

/** A stretch of a life during which nothing was changed. */
export interface Stretch {
  life: Life;
  fromMs: number;
  toMs: number;
  points: readonly GrowthPoint[];
}

/** Lives that came with one step, between two that came while they ran. */
export interface Cell {
  /** The step that its lives came with: its place among the steps, −1 for what ran before all of them. */
  epoch: number;
  /** The last step that is in it. */
  step: number;
  stretches: Stretch[];
  fromMs: number;
  toMs: number;
}

/** What is told within so long of a change that came while processes ran belongs to neither side: clocks. */
const settleMs = 2 * 60_000;

/** The cells by their key, see {@link cellKey}. */
export function cellsOf(steps: readonly Step[], lives: readonly Life[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const life of lives) {
    const epoch = epochOf(life, steps);
    const since = epoch < 0 ? Number.NEGATIVE_INFINITY : steps[epoch].timeMs;
    const live = steps.flatMap((step, at) =>
      step.comes === 'while it runs' && step.timeMs > since && concerns(step, life)
        ? [{ at, timeMs: step.timeMs }]
        : [],
    );
    const before = live.filter(({ timeMs }) => timeMs <= life.startMs);
    const during = live.filter(({ timeMs }) => timeMs > life.startMs && timeMs < life.endMs);
    const bounds = [{ at: before.at(-1)?.at ?? epoch, timeMs: life.startMs }, ...during];
    for (const [nth, { at, timeMs }] of bounds.entries()) {
      const next = bounds.at(nth + 1)?.timeMs;
      const fromMs = nth === 0 ? timeMs : timeMs + settleMs;
      const toMs = next === undefined ? life.endMs : next - settleMs;
      const points = life.points.filter((point) => point.timeMs >= fromMs && point.timeMs <= toMs);
      if (points.length === 0) continue;
      const key = cellKey(epoch, at);
      const cell = cells.get(key) ?? { epoch, step: at, stretches: [], fromMs: Infinity, toMs: -Infinity };
      cell.stretches.push({ life, fromMs, toMs, points });
      cell.fromMs = Math.min(cell.fromMs, timeMs);
      cell.toMs = Math.max(cell.toMs, toMs);
      cells.set(key, cell);
    }
  }
  return cells;
}

/** Tells cells apart. */
export function cellKey(epoch: number, step: number): string {
  return `${epoch}:${step}`;
}

/** A flag may be of one version only. */
function concerns({ version, revision }: Step, life: Life): boolean {
  return (version === null && revision === null) || runs(life, version, revision);
}

function epochOf(life: Life, steps: readonly Step[]): number {
  return steps.findLastIndex((step) => {
    if (step.comes !== 'with the start' || !step.wasSeen) return false;
    const named = step.version !== null || step.revision !== null;
    if (named && !runs(life, step.version, step.revision)) return false;
    return life.startMs >= step.timeMs;
  });
}

/** A cell, and the steps that came between it and the one after it. */
export interface Before {
  epoch: number;
  step: number;
  crossed: readonly number[];
}

/**
 * The cell before the last step of this one came, on the way that its code took: the same lives, or the version that ran
 * when this one came. Null where nothing is known before.
 */
export function before(
  { epoch, step }: Pick<Cell, 'epoch' | 'step'>,
  steps: readonly Step[],
  cells: ReadonlyMap<string, Cell>,
): Before | null {
  if (step > epoch) {
    const earlier = steps.findLastIndex((one, at) => at > epoch && at < step && one.comes === 'while it runs');
    return { epoch, step: Math.max(epoch, earlier), crossed: [step] };
  }
  if (epoch < 0) return null;
  const { timeMs } = steps[epoch];
  const others = [...new Set([...cells.values()].map((cell) => cell.epoch))].filter((other) => other < epoch);
  const from = steps[epoch].isAgain
    ? (others.findLast((other) => isSameVersion(steps, cells, other, epoch)) ??
      newestBefore(others, { epoch, steps, cells }))
    : newestBefore(others, { epoch, steps, cells });
  if (from === null) return null;
  const latest = steps.findLastIndex((one, at) => at > from && one.comes === 'while it runs' && one.timeMs <= timeMs);
  // What came in between with no process of its own came with this one as well.
  const own = new Set([...cells.values()].map((cell) => cell.epoch));
  const unseen = steps.flatMap((one, at) =>
    at > from && at < epoch && one.comes === 'with the start' && one.wasSeen && !own.has(at) ? [at] : [],
  );
  return { epoch: from, step: Math.max(from, latest), crossed: [...unseen, epoch] };
}

interface Known {
  epoch: number;
  steps: readonly Step[];
  cells: ReadonlyMap<string, Cell>;
}

/** Of the versions that ran when this one came, the newest of which it may be made. */
function newestBefore(others: readonly number[], { epoch, steps, cells }: Known): number | null {
  const { timeMs } = steps[epoch];
  const alive = others.filter((other) =>
    [...cells.values()].some((cell) => cell.epoch === other && cell.fromMs < timeMs && cell.toMs >= timeMs - earlyMs),
  );
  const among = alive.length > 0 ? alive : others;
  const own = versionOf(steps, cells, epoch);
  const older = among.filter((other) => !isNewer(versionOf(steps, cells, other), own));
  return (older.length > 0 ? older : among).toSorted((a, b) => a - b).at(-1) ?? null;
}

function isSameVersion(steps: readonly Step[], cells: ReadonlyMap<string, Cell>, a: number, b: number): boolean {
  return versionOf(steps, cells, a) === versionOf(steps, cells, b);
}

/** The version of an epoch's lives; empty where nobody tells it. */
export function versionOf(steps: readonly Step[], cells: ReadonlyMap<string, Cell>, epoch: number): string {
  const step = epoch < 0 ? undefined : steps[epoch];
  if (step?.version != null) return step.version;
  for (const cell of cells.values()) {
    if (cell.epoch !== epoch) continue;
    const [newest] = cell.stretches.toSorted((a, b) => b.life.startMs - a.life.startMs);
    if (newest.life.version !== '') return newest.life.version;
  }
  return '';
}

/** Whether the first of two semantic versions is the newer one: then the second, though deployed later, is a branch off before it. */
function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  if (left === null || right === null) return false;
  const at = left.findIndex((value, place) => value !== right[place]);
  return at >= 0 && left[at] > right[at];
}

function numbersOf(version: string): [number, number, number] | null {
  const match = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:[-+].*)?$/.exec(version);
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}
