import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { analyzeSnapshots, type FindingsReport } from '@ebb/heap';
import { WorkloadProcess } from './child/workload-process.ts';
import { TestError } from './errors/test-error.ts';
import { leakSize } from './growth/leak-size.ts';
import { slopeOf, type Slope } from './growth/slope.ts';
import { planLongerStep, planStep, type StepPlan } from './plan/plan.ts';
import type { TestReport } from './report/test-report.ts';
import type { Floor } from './runner/protocol.ts';
import { SnapshotFolder } from './snapshot-folder.ts';
import { needsLongerStep, verdictOf } from './verdict/verdict.ts';

/** How far a test is. */
export interface TestProgress {
  phase: 'start' | 'warm-up' | 'measure' | 'snapshot' | 'analyse' | 'measure longer' | 'end';
  /** Of the phase, where it is known. */
  fraction?: number;
}

/** How a workload is tested. */
export interface TestOptions {
  /** What relative paths start from, and the repository that findings are told by; default: the working directory. */
  cwd?: string;
  /** For the whole test of a workload; default 120,000. */
  timeLimitMs?: number;
  /** For one call of the workload (its import, `setup()`, one `iterate(i)`); default 30,000. */
  stallLimitMs?: number;
  /** Takes what the workload prints, on either stream; default: to standard error. */
  onOutput?: (chunk: Uint8Array) => void;
  onProgress?: (progress: TestProgress) => void;
  /** Calls the test off. */
  signal?: AbortSignal;
}

/** Closing servers takes a moment; what takes longer is told, and ended. */
const TEARDOWN_LIMIT_MS = 3000;

const NO_SLOPE: Slope = { bytesPerIteration: 0, interval: [0, 0] };

/** A snapshot, and how many iterations had run before it. */
interface Capture {
  readonly file: string;
  readonly iterations: number;
}

/**
 * Tests whether a workload leaks: a module that exports `iterate(i)` and, if it likes, `setup()` and `teardown()`. It
 * runs in a process of its own: warm-up, then the same amount of work twice, between three heap snapshots; growth that
 * goes on in both is held against a longer, third stretch before it is called a leak. Takes a few seconds to a minute.
 *
 * @throws {TestError} when there is no verdict: EBB_TEST_…
 */
export async function testWorkload(file: string, options: TestOptions = {}): Promise<TestReport> {
  const startMs = performance.now();
  const cwd = resolve(options.cwd ?? '.');
  const path = requireFile(resolve(cwd, file), file);
  const folder = new SnapshotFolder();
  let process: WorkloadProcess | undefined;
  try {
    process = new WorkloadProcess({
      name: file,
      cwd,
      timeLimitMs: options.timeLimitMs ?? 120_000,
      stallLimitMs: options.stallLimitMs ?? 30_000,
      onOutput: options.onOutput ?? writeToStderr,
      signal: options.signal,
    });
    const test = new WorkloadTest(file, cwd, process, folder.path, options);
    const report = await test.run(path);
    return { ...report, tookMs: Math.round(performance.now() - startMs) };
  } finally {
    process?.stop();
    folder.remove();
  }
}

/** One test under way. */
class WorkloadTest {
  readonly #file: string;
  readonly #cwd: string;
  readonly #process: WorkloadProcess;
  readonly #folder: string;
  readonly #options: TestOptions;
  readonly #captures: Capture[] = [];
  readonly #steps: Floor[][] = [];

  constructor(file: string, cwd: string, process: WorkloadProcess, folder: string, options: TestOptions) {
    this.#file = file;
    this.#cwd = cwd;
    this.#process = process;
    this.#folder = folder;
    this.#options = options;
  }

  async run(path: string): Promise<Omit<TestReport, 'tookMs'>> {
    this.#tell('start');
    await this.#start(path);
    this.#tell('warm-up');
    const warm = await this.#process.ask({ type: 'warmUp' });
    if (warm.type !== 'warm') throw unexpected(warm.type);
    await this.#capture();
    this.#tell('measure', 0);
    const plan = planStep(warm.msPerIteration, warm.bytesPerIteration);
    const { iterations: step } = await this.#step(plan);
    await this.#capture();
    this.#tell('measure', 0.5);
    const { msPerIteration } = await this.#step({ ...plan, iterations: step });
    await this.#capture();
    let { report, iterations } = await this.#analyse();
    let suspected = false;
    if (needsLongerStep(report, slopeOf(this.#steps), iterations)) {
      suspected = report.verdict === 'leak';
      this.#tell('measure longer');
      await this.#step(planLongerStep(step, msPerIteration));
      await this.#capture();
      ({ report, iterations } = await this.#analyse());
    }
    const warnings = await this.#end();
    return this.#report({ report, iterations, suspected, warnings, warmUpIterations: warm.iterations });
  }

  async #start(file: string): Promise<void> {
    const answer = await this.#process.ask({ type: 'start', file });
    if (answer.type !== 'noIterate') return;
    const names = answer.exports.length === 0 ? 'nothing' : answer.exports.map((name) => `'${name}'`).join(', ');
    throw new TestError('EBB_TEST_NO_ITERATE', `'${this.#file}' exports no function 'iterate'; it exports ${names}`);
  }

  /** Does a step; returns what it was in truth. */
  async #step({ iterations, rounds, limits }: StepPlan): Promise<{ iterations: number; msPerIteration: number }> {
    const answer = await this.#process.ask({ type: 'step', iterations, rounds, limits });
    if (answer.type !== 'stepped') throw unexpected(answer.type);
    this.#steps.push(answer.floors);
    const done = (answer.floors.at(-1)?.iterations ?? 0) - (answer.floors[0]?.iterations ?? 0);
    return { iterations: done, msPerIteration: answer.msPerIteration };
  }

  async #capture(): Promise<void> {
    this.#tell('snapshot');
    const file = join(this.#folder, `${String(this.#captures.length + 1)}.heapsnapshot`);
    const answer = await this.#process.ask({ type: 'snapshot', file });
    if (answer.type === 'captured') this.#captures.push({ file, iterations: answer.iterations });
    else if (answer.type === 'noSnapshot') {
      throw new TestError(
        'EBB_TEST_NO_SNAPSHOT',
        `no heap snapshot of '${this.#file}': ${answer.message} (${answer.code})`,
      );
    } else throw unexpected(answer.type);
  }

  /** Compares the last three snapshots. */
  async #analyse(): Promise<{ report: FindingsReport; iterations: number }> {
    this.#tell('analyse', 0);
    const captures = this.#captures.slice(-3);
    const { signal } = this.#options;
    try {
      const report = await analyzeSnapshots(
        captures.map((capture) => capture.file),
        {
          cwd: this.#cwd,
          work: captures.map((capture) => capture.iterations),
          onProgress: ({ fraction }) => {
            this.#tell('analyse', fraction);
          },
          ...(signal === undefined ? {} : { signal }),
        },
      );
      return { report, iterations: captures[captures.length - 1].iterations - captures[0].iterations };
    } catch (cause) {
      if (signal?.aborted === true)
        throw new TestError('EBB_TEST_ABORTED', `the test of '${this.#file}' was called off`, { cause });
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TestError(
        'EBB_TEST_ANALYSIS_FAILED',
        `the snapshots of '${this.#file}' could not be analysed: ${why}`,
        { cause },
      );
    }
  }

  async #end(): Promise<string[]> {
    this.#tell('end');
    const answer = await this.#process.ask({ type: 'end', limitMs: TEARDOWN_LIMIT_MS });
    if (answer.type !== 'ended') throw unexpected(answer.type);
    return answer.teardownFinished
      ? []
      : [`teardown() of '${this.#file}' did not end within ${String(TEARDOWN_LIMIT_MS / 1000)} s`];
  }

  #report(seen: {
    report: FindingsReport;
    iterations: number;
    suspected: boolean;
    warnings: string[];
    warmUpIterations: number;
  }): Omit<TestReport, 'tookMs'> {
    const { report, iterations, suspected, warnings, warmUpIterations } = seen;
    const verdict = verdictOf(report, suspected);
    const compared = this.#captures.slice(-3);
    // What came to rest is told by the last stretch; a leak by all of them.
    const drift = slopeOf(verdict === 'leak' ? this.#steps : this.#steps.slice(-1)) ?? NO_SLOPE;
    const size = verdict === 'leak' ? leakSize(drift, report, iterations) : drift;
    return {
      format: 'ebb.test/1',
      file: this.#file,
      verdict,
      bytesPerIteration: rounded(size.bytesPerIteration),
      interval: [rounded(size.interval[0]), rounded(size.interval[1])],
      iterations,
      warmUpIterations,
      snapshots: this.#captures.length,
      compared: report.snapshots.map(({ heapBytes }, k) => ({ iterations: compared[k]?.iterations ?? 0, heapBytes })),
      findings: report.findings,
      warnings,
    };
  }

  #tell(phase: TestProgress['phase'], fraction?: number): void {
    this.#options.onProgress?.(fraction === undefined ? { phase } : { phase, fraction });
  }
}

function requireFile(path: string, name: string): string {
  const missing = (why: string, cause?: unknown): TestError =>
    new TestError(
      'EBB_TEST_FILE_NOT_FOUND',
      `the workload '${name}' ${why}`,
      cause === undefined ? undefined : { cause },
    );
  try {
    if (statSync(path).isFile()) return path;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw missing(
      code === 'ENOENT' || code === 'ENOTDIR' ? `does not exist (${path})` : `cannot be read (${code})`,
      cause,
    );
  }
  throw missing('is no file');
}

function unexpected(type: string): TestError {
  return new TestError('EBB_TEST_ANALYSIS_FAILED', `the runner answered '${type}' to another question`);
}

function writeToStderr(chunk: Uint8Array): void {
  process.stderr.write(chunk);
}

const rounded = (bytes: number): number => Math.round(bytes * 10) / 10;
