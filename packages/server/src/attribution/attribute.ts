/**
 * Holds each change of a service against its growth: did the growth begin with it, on every process that has it and on none
 * that lacks it? Pure; the rule and its error stand in docs/decisions/0029-guilty-changes.md.
 *
 * 1. Changes become steps (`steps.ts`), and the lives of processes are cut where steps came (`cells.ts`).
 * 2. What leaks now gives the present growth; each cell grows as much, is still, or is unknown (`label.ts`).
 * 3. From each cell that leaks now the way is gone back, step by step, over unknown cells and cells that grow, to the first
 *    one that is still. The growth began between that one and the first that grew after it: the steps in between are
 *    suspects. Steps behind which it grew already are exonerated.
 * 4. Several cells that grow have suspects in common, or each its own. One suspect alone is guilty. Of several those are
 *    exonerated with which some process is still; if more than one is left, nothing tells them apart, and they stay open.
 */
import { before, cellKey, cellsOf, versionOf, type Cell, type Stretch } from './cells.ts';
import { measureAll, presentOf, type Measured, type Present } from './label.ts';
import type { Life } from './life.ts';
import { stepsOf, type Step, type ToldChange } from './steps.ts';

/** What is known of a change's part in the growth. */
export type Part = 'guilty' | 'exonerated' | 'open';

/** Why: for the sentence that tells it. */
export type Reason =
  | 'began with it'
  | 'grew before it'
  | 'nothing grows with it'
  | 'not told apart'
  | 'nothing known before it'
  | 'too little seen'
  | 'not seen in any process';

/** A step with what is known of its part. */
export interface Attributed {
  step: Step;
  part: Part;
  reason: Reason;
  /** Before it, nearest by and known; null where nothing is. */
  without: CellView | null;
  /** With it. */
  with: CellView | null;
  /** Other steps that may be it as well. */
  others: readonly Step[];
}

/** A cell as it is told. */
export interface CellView {
  version: string;
  fromMs: number;
  toMs: number;
  measured: Measured;
}

/** What is known of all changes of a service. */
export interface Attribution {
  /** In the order of time. */
  steps: readonly Attributed[];
  /** Null where nothing leaks. */
  present: Present | null;
  /** When a process that grows was called a leak first, and how long that took; null where nothing leaks. */
  firstCalled: { atMs: number; afterMs: number } | null;
  /** All cells, in the order of time. */
  cells: readonly CellView[];
  /** Versions of which processes were still, newest first. */
  cleanVersions: readonly string[];
  /** Versions of which processes grow, newest first. */
  growingVersions: readonly string[];
  /** The version that came last; empty where nobody tells it. */
  newestVersion: string;
  /** The growth was there in the first that is known, and on all the way since. */
  sinceEver: CellView | null;
}

/** What is asked. */
export interface Question {
  changes: readonly ToldChange[];
  /** Of the service's processes, those that have ended too. */
  lives: readonly Life[];
  nowMs: number;
}

/** Who was heard of so long ago counts as running. */
const runningMs = 15 * 60_000;

interface Walk {
  from: Cell;
  /** Steps between what is still and what grows. */
  suspects: number[];
  /** The nearest cell that is still; null where none is. */
  still: Cell | null;
  /** Steps that came when it grew already, with the cell that did. */
  cleared: Map<number, Cell>;
  /** The first cell that grew. */
  first: Cell;
}

/** Attributes the growth of a service to its changes. Some tens of milliseconds for dozens of processes. */
export function attribute({ changes, lives, nowMs }: Question): Attribution {
  const steps = stepsOf(changes, lives);
  const cells = cellsOf(steps, lives);
  const leaking = leakingStretches([...cells.values()], nowMs);
  if (leaking.length === 0) return nothingLeaks(steps, cells);
  const present = presentOf(leaking);
  const measured = measureAll(cells, present);
  const survey: Survey = { steps, cells, measured };
  const roots = [...cells.values()].filter((cell) => cell.stretches.some((stretch) => leaking.includes(stretch)));
  const grown = roots.filter((cell) => labelAt(survey, cell) === 'grows');
  const walks = (grown.length > 0 ? grown : []).map((cell) => walkBack(survey, cell));
  const suspects = suspectsOf(survey, walks);
  const attributed = steps.map((step, at) => attributedStep(survey, { step, at, walks, suspects }));
  const views = [...cells.values()].sort((a, b) => a.fromMs - b.fromMs).map((cell) => viewOf(survey, cell));
  const versions = (label: string): string[] => [
    ...new Set(views.toReversed().flatMap((view) => (view.measured.label === label ? [view.version] : []))),
  ];
  const unfounded = walks.length > 0 && walks.every(({ still }) => still === null);
  const growingVersions = versions('grows');
  return {
    steps: attributed,
    present,
    firstCalled: firstCalled(survey),
    cells: views,
    cleanVersions: versions('still').filter((version) => !growingVersions.includes(version)),
    growingVersions,
    newestVersion: views.at(-1)?.version ?? '',
    sinceEver:
      unfounded && walks.every(({ suspects: own }) => own.length === 0) ? viewOf(survey, walks[0].first) : null,
  };
}

interface Survey {
  steps: readonly Step[];
  cells: ReadonlyMap<string, Cell>;
  measured: ReadonlyMap<string, Measured>;
}

function nothingLeaks(steps: readonly Step[], cells: ReadonlyMap<string, Cell>): Attribution {
  const newest = [...cells.values()].sort((a, b) => b.fromMs - a.fromMs).at(0);
  return {
    steps: steps.map((step) => ({
      step,
      part: 'open',
      reason: 'too little seen',
      without: null,
      with: null,
      others: [],
    })),
    present: null,
    firstCalled: null,
    cells: [],
    cleanVersions: [],
    growingVersions: [],
    newestVersion: newest === undefined ? '' : versionOf(steps, cells, newest.epoch),
    sinceEver: null,
  };
}

/** Those of processes that run and are called leaks; where none runs any more, the last that were. */
function leakingStretches(cells: readonly Cell[], nowMs: number): Stretch[] {
  const called = cells.flatMap(({ stretches }) =>
    stretches.filter(({ life, toMs }) => life.leakedAtMs !== null && life.leakedAtMs <= toMs),
  );
  const running = called.filter(({ life, toMs }) => life.endMs >= nowMs - runningMs && toMs === life.endMs);
  if (running.length > 0) return running;
  const lastMs = called.reduce((most, { toMs }) => Math.max(most, toMs), -Infinity);
  return called.filter(({ toMs }) => toMs >= lastMs - runningMs);
}

function firstCalled({ cells, measured }: Survey): Attribution['firstCalled'] {
  const called = [...cells].flatMap(([key, { stretches }]) =>
    measured.get(key)?.label === 'grows'
      ? stretches.flatMap(({ life: { leakedAtMs, startMs } }) =>
          leakedAtMs === null ? [] : [{ atMs: leakedAtMs, afterMs: leakedAtMs - startMs }],
        )
      : [],
  );
  return called.sort((a, b) => a.atMs - b.atMs).at(0) ?? null;
}

function labelAt({ measured, cells }: Survey, { epoch, step }: Pick<Cell, 'epoch' | 'step'>): Measured['label'] {
  const own = measured.get(cellKey(epoch, step))?.label ?? 'unknown';
  if (own !== 'unknown') return own;
  // The same lives with one more step that are still were still without it.
  const later = [...cells.values()].filter((cell) => cell.epoch === epoch && cell.step > step);
  const labels = later.map((cell) => measured.get(cellKey(cell.epoch, cell.step))?.label);
  return labels.length > 0 && labels.every((label) => label === 'still') ? 'still' : 'unknown';
}

function walkBack(survey: Survey, from: Cell): Walk {
  const cleared = new Map<number, Cell>();
  let suspects: number[] = [];
  let first = from;
  let at: { epoch: number; step: number } = from;
  for (;;) {
    const next = before(at, survey.steps, survey.cells);
    if (next === null) return { from, suspects, still: null, cleared, first };
    suspects.push(...next.crossed);
    const label = labelAt(survey, next);
    const cell = survey.cells.get(cellKey(next.epoch, next.step));
    if (label === 'still') {
      const known = cell ?? [...survey.cells.values()].find(({ epoch }) => epoch === next.epoch) ?? null;
      return { from, suspects, still: known, cleared, first };
    }
    if (label === 'grows' && cell !== undefined) {
      for (const step of suspects) cleared.set(step, cell);
      suspects = [];
      first = cell;
    }
    at = next;
  }
}

/** The suspects that may be the beginning, of each walk or of all in common. */
function suspectsOf(survey: Survey, walks: readonly Walk[]): number[][] {
  const founded = walks.filter(({ still, suspects }) => still !== null && suspects.length > 0);
  if (founded.length === 0) return [];
  const common = founded[0].suspects.filter((at) => founded.every(({ suspects }) => suspects.includes(at)));
  const sets = common.length > 0 ? [common] : founded.map(({ suspects }) => suspects);
  const narrowed = sets.map((set) => {
    if (set.length === 1) return set;
    const left = set.filter((at) => !isStillSomewhere(survey, at));
    return left.length > 0 ? left : set;
  });
  return narrowed;
}

/** Whether some process has the step as its last, or came with it, and is still. */
function isStillSomewhere({ cells, measured }: Survey, at: number): boolean {
  return [...cells].some(
    ([key, { epoch, step }]) => (epoch === at || step === at) && measured.get(key)?.label === 'still',
  );
}

function attributedStep(
  survey: Survey,
  { step, at, walks, suspects }: { step: Step; at: number; walks: readonly Walk[]; suspects: readonly number[][] },
): Attributed {
  const own = cellOf(survey, at);
  const prior = own === null ? null : nearestKnown(survey, own);
  const seen = { step, without: prior, with: own === null ? null : viewOf(survey, own), others: [] };
  if (!step.wasSeen) return { ...seen, part: 'open', reason: 'not seen in any process' };
  const set = suspects.find((one) => one.includes(at));
  if (set !== undefined) {
    const walk = walks.find((one) => one.still !== null && one.suspects.includes(at));
    const still = walk?.still == null ? prior : viewOf(survey, walk.still);
    const grows = walk === undefined ? seen.with : viewOf(survey, walk.first);
    // A version that was well before is not guilty for running again: something else began.
    if (set.length === 1 && !step.isAgain)
      return { ...seen, part: 'guilty', reason: 'began with it', without: still, with: grows };
    return {
      ...seen,
      part: 'open',
      reason: 'not told apart',
      others: set.filter((one) => one !== at).map((one) => survey.steps[one]),
    };
  }
  const cleared = walks.flatMap((walk) => walk.cleared.get(at) ?? []).at(0);
  if (cleared !== undefined)
    return { ...seen, part: 'exonerated', reason: 'grew before it', without: viewOf(survey, cleared) };
  const unfounded = walks.some((walk) => walk.still === null && walk.suspects.includes(at));
  if (unfounded) return { ...seen, part: 'open', reason: 'nothing known before it' };
  const label = own === null ? 'unknown' : labelAt(survey, own);
  if (label === 'still') return { ...seen, part: 'exonerated', reason: 'nothing grows with it' };
  const wasSuspect = walks.some((walk) => walk.suspects.includes(at));
  // Growth shows without it, or it came after all that grows.
  if (wasSuspect || (suspects.length > 0 && label === 'unknown' && isLaterThanAll(walks, at)))
    return { ...seen, part: 'exonerated', reason: wasSuspect ? 'nothing grows with it' : 'grew before it' };
  // What grew, and was over: it began with this step, or before.
  if (label === 'grows' && own !== null) {
    const walk = walkBack(survey, own);
    if (walk.still !== null && walk.suspects.length === 1 && walk.suspects[0] === at && !step.isAgain)
      return { ...seen, part: 'guilty', reason: 'began with it', without: viewOf(survey, walk.still) };
    const grew = walk.cleared.get(at);
    if (grew !== undefined)
      return { ...seen, part: 'exonerated', reason: 'grew before it', without: viewOf(survey, grew) };
  }
  return { ...seen, part: 'open', reason: 'too little seen' };
}

function isLaterThanAll(walks: readonly Walk[], at: number): boolean {
  return walks.every(({ first, from }) => first.step < at && from.step < at);
}

/** The cell in which a step is the newest; of several, the one that was seen for the longest. */
function cellOf({ cells, measured }: Survey, at: number): Cell | null {
  const own = [...cells].filter(([, { step, epoch }]) => step === at || epoch === at);
  const exact = own.filter(([, { step }]) => step === at);
  const [longest] = (exact.length > 0 ? exact : own).toSorted(
    ([a], [b]) => (measured.get(b)?.seenMs ?? 0) - (measured.get(a)?.seenMs ?? 0),
  );
  return longest === undefined ? null : longest[1];
}

function nearestKnown(survey: Survey, from: Cell): CellView | null {
  for (let at = before(from, survey.steps, survey.cells); at !== null; at = before(at, survey.steps, survey.cells)) {
    const cell = survey.cells.get(cellKey(at.epoch, at.step));
    if (cell !== undefined && survey.measured.get(cellKey(at.epoch, at.step))?.label !== 'unknown')
      return viewOf(survey, cell);
  }
  return null;
}

function viewOf({ steps, cells, measured }: Survey, cell: Cell): CellView {
  const known = measured.get(cellKey(cell.epoch, cell.step));
  if (known === undefined) throw new Error('every cell is measured');
  return { version: versionOf(steps, cells, cell.epoch), fromMs: cell.fromMs, toMs: cell.toMs, measured: known };
}
