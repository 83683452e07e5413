/**
 * Measures a service under load as it is today and with one setting changed at a time, in turns, so that what the machine
 * does meanwhile meets all of them alike; and says which setting changed anything beyond the spread of the runs.
 */
import { availableParallelism } from 'node:os';
import { candidatesFor, findJemalloc, today, type Candidate } from './candidate.ts';
import { compare, figures, isWorthIt, spreadOf, type Difference, type Figure, type Spread } from './compare.ts';
import { makeMemoryGroup, type GroupUse, type MemoryGroup } from './memory-group.ts';
import { planMemory, type MemoryPlan } from './memory-plan.ts';
import { runOnce, type Run, type RunOptions } from './run.ts';

/** What `ebb tune` was asked for. */
export interface TuneOptions extends RunOptions {
  /** Of each; at least four for a difference to be told. */
  readonly runs: number;
  /** Of the container in which it will run; null: the one it runs in. */
  readonly containerLimitBytes: number | null;
  readonly onRun?: (candidate: Candidate, round: number) => void;
}

/** A setting that was tried. */
export interface Trial {
  readonly setting: string;
  readonly value: string;
  readonly recommended: boolean;
  readonly differences: readonly Difference[];
}

/** `ebb tune --json`. */
export interface TuneReport {
  readonly format: 'ebb.tune/1';
  readonly command: readonly string[];
  readonly routes: readonly string[];
  readonly runs: number;
  readonly secondsPerRun: number;
  readonly connections: number;
  readonly requests: number;
  readonly today: Readonly<Record<Figure, Spread>>;
  readonly trials: readonly Trial[];
  readonly memory: MemoryPlan;
  /** All that is recommended at once, held against runs without it that were made in turns; null where nothing is. */
  readonly together: Together | null;
  /** What the reader has to know about the measurement. */
  readonly notes: readonly string[];
}

/** The recommended settings, measured together. */
export interface Together {
  readonly settings: readonly string[];
  readonly differences: readonly Difference[];
  /** The container's limit held over these runs by the kernel; or, in a sentence, why it was only computed. */
  readonly container: (GroupUse & { readonly limitBytes: number }) | string;
}

/** Runs all trials. Takes about `runs` times the number of candidates times the length of a run. */
export async function tune(options: TuneOptions): Promise<TuneReport> {
  const { command, routes, runs, measureMs, connections, onRun } = options;
  const nodeFlags = [...command, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const surroundings = {
    env: process.env,
    nodeFlags,
    linux: process.platform === 'linux',
    cpus: availableParallelism(),
    jemalloc: process.platform === 'linux' ? findJemalloc() : null,
  };
  const all = [today, ...candidatesFor(surroundings)];
  const measured = new Map<Candidate, Run[]>(all.map((candidate) => [candidate, []]));
  for (let round = 1; round <= runs; round++)
    // Forwards and backwards in turns: a machine that becomes slower is nobody's advantage.
    for (const candidate of round % 2 === 1 ? all : all.toReversed()) {
      onRun?.(candidate, round);
      measured.get(candidate)?.push(await runOnce(candidate, options));
    }
  const before = measured.get(today) ?? [];
  const worst = before.reduce((most, run) => (run.peakRssBytes > most.peakRssBytes ? run : most));
  const floors = before.flatMap(({ floorBytes }) => floorBytes ?? []);
  const memory = planMemory({
    peakRssBytes: worst.peakRssBytes,
    heapBytes: worst.heapAtPeakBytes,
    floorBytes: floors.length === 0 ? null : Math.max(...floors),
    heapLimitBytes: worst.heapLimitBytes,
    containerLimitBytes: options.containerLimitBytes ?? worst.containerLimitBytes,
    cpuCores: Math.max(...before.map(({ cpuCores }) => cpuCores)),
  });
  const worthIt = all.filter(
    (candidate) => candidate.value !== null && isWorthIt(compare(before, measured.get(candidate) ?? [])),
  );
  const together = await measureTogether(worthIt, memory, options);
  const refusing = new Set([...measured.values()].flat().flatMap((run) => run.refusing));
  return {
    format: 'ebb.tune/1',
    command,
    routes: routes.map(({ name }) => name),
    runs,
    secondsPerRun: measureMs / 1000,
    connections,
    requests: [...measured.values()].flat().reduce((sum, { requests }) => sum + requests, 0),
    today: Object.fromEntries(
      figures.map((figure) => [figure, spreadOf(before.map((run) => run[figure]))]),
    ) as unknown as TuneReport['today'],
    trials: all.flatMap((candidate) => {
      if (candidate.value === null) return [];
      const differences = compare(before, measured.get(candidate) ?? []);
      const { setting, value } = candidate;
      return [{ setting, value, recommended: isWorthIt(differences), differences }];
    }),
    memory,
    together,
    notes: [
      ...[...refusing].map((told) => `${told} to most requests: what was measured is how it refuses`),
      ...(surroundings.jemalloc === null
        ? ['jemalloc is not installed here (libjemalloc.so.2), and was not tried']
        : []),
    ],
  };
}

/** Runs all that is recommended at once, in turns with the service as it is: settings may get in each other's way. */
async function measureTogether(
  worthIt: readonly Candidate[],
  { maxOldSpaceMb, limitBytes }: MemoryPlan,
  options: TuneOptions,
): Promise<Together | null> {
  // Of a setting with two values that are worth it, the smaller one.
  const chosen = worthIt.filter(({ setting }, at) => worthIt.findIndex((one) => one.setting === setting) === at);
  const limit = maxOldSpaceMb === null ? [] : [`--max-old-space-size=${maxOldSpaceMb}`];
  const settings = [...limit, ...chosen.map(({ setting, value }) => `${setting}=${value ?? ''}`)];
  if (settings.length === 0) return null;
  const all: Candidate = {
    ...{ setting: 'all of it together', value: settings.join(' ') },
    env: Object.assign({}, ...chosen.map(({ env }) => env)) as Candidate['env'],
    nodeFlags: [...limit, ...chosen.flatMap(({ nodeFlags }) => nodeFlags)],
  };
  const runs = new Map<Candidate, Run[]>([
    [today, []],
    [all, []],
  ]);
  const group = makeMemoryGroup(limitBytes);
  try {
    const container = await runInTurns({ all, limitBytes, runs }, group, options);
    const [before, after] = [runs.get(today) ?? [], runs.get(all) ?? []];
    const isMeasured = before.length > 0 && after.length > 0;
    return { settings, container, differences: isMeasured ? compare(before, after) : [] };
  } finally {
    if (typeof group !== 'string') group.remove();
  }
}

/** What is recommended runs in the group, if there is one; what is there today does not. */
async function runInTurns(
  { all, limitBytes, runs }: { all: Candidate; limitBytes: number; runs: Map<Candidate, Run[]> },
  group: MemoryGroup | string,
  options: TuneOptions,
): Promise<Together['container']> {
  const isHeld = typeof group !== 'string';
  try {
    for (let round = 1; round <= options.runs; round++)
      for (const candidate of round % 2 === 1 ? [today, all] : [all, today]) {
        options.onRun?.(candidate, round);
        const processesFile = isHeld && candidate === all ? group.processesFile : null;
        runs.get(candidate)?.push(await runOnce(candidate, { ...options, processesFile }));
      }
  } catch (error) {
    // Where the kernel ended it, that is the answer.
    if (!isHeld || group.use().kills === 0) throw error;
  }
  return isHeld ? { limitBytes, ...group.use() } : group;
}
