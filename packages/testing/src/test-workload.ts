import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { WorkloadProcess } from './child/workload-process.ts';
import { TestError } from './errors/test-error.ts';
import type { TestReport } from './report/test-report.ts';
import { SnapshotFolder } from './snapshot-folder.ts';
import type { Rig, TestProgress } from './trial/rig.ts';
import { runTrial } from './trial/trial.ts';

/** How a workload is tested. */
export interface TestOptions {
  /** What relative paths start from, and the repository that findings are told by; default: the working directory. */
  cwd?: string;
  /** For the whole test of a workload; default 240,000. */
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
      timeLimitMs: options.timeLimitMs ?? 240_000,
      stallLimitMs: options.stallLimitMs ?? 30_000,
      onOutput: options.onOutput ?? writeToStderr,
      signal: options.signal,
    });
    options.onProgress?.({ phase: 'start' });
    await start(process, path, file);
    const { report: _, ...trial } = await runTrial(rigOf(process, file), {
      name: file,
      cwd,
      folder: folder.path,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    options.onProgress?.({ phase: 'end' });
    const warnings = await end(process, file);
    const tookMs = Math.round(performance.now() - startMs);
    return { format: 'ebb.test/1', file, ...trial, tookMs, warnings };
  } finally {
    process?.stop();
    folder.remove();
  }
}

async function start(process: WorkloadProcess, path: string, name: string): Promise<void> {
  const answer = await process.ask({ type: 'start', file: path });
  if (answer.type !== 'noIterate') return;
  const names = answer.exports.length === 0 ? 'nothing' : answer.exports.map((one) => `'${one}'`).join(', ');
  throw new TestError('EBB_TEST_NO_ITERATE', `'${name}' exports no function 'iterate'; it exports ${names}`);
}

/** The process as a trial uses it. */
function rigOf(process: WorkloadProcess, name: string): Rig {
  return {
    warmUp: async () => {
      const answer = await process.ask({ type: 'warmUp' });
      if (answer.type !== 'warm') throw unexpected(answer.type);
      return answer;
    },
    step: async ({ iterations, rounds, limits }) => {
      const answer = await process.ask({ type: 'step', iterations, rounds, limits });
      if (answer.type !== 'stepped') throw unexpected(answer.type);
      return answer;
    },
    snapshot: async (file) => {
      const answer = await process.ask({ type: 'snapshot', file });
      if (answer.type === 'captured') return answer;
      if (answer.type !== 'noSnapshot') throw unexpected(answer.type);
      const why = `${answer.message} (${answer.code})`;
      throw new TestError('EBB_TEST_NO_SNAPSHOT', `no heap snapshot of '${name}': ${why}`);
    },
  };
}

async function end(process: WorkloadProcess, name: string): Promise<string[]> {
  const answer = await process.ask({ type: 'end', limitMs: TEARDOWN_LIMIT_MS });
  if (answer.type !== 'ended') throw unexpected(answer.type);
  if (answer.teardownFinished) return [];
  return [`teardown() of '${name}' did not end within ${String(TEARDOWN_LIMIT_MS / 1000)} s`];
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
