// The package as its users have it: by name, built, with its worker thread.
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeSnapshots, type AnalyzeProgress, HeapError, type HeapErrorCode } from '@ebb/heap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSnapshot } from '../fixtures/snapshot-builder.ts';
import { programFolder } from '../fixtures/programs/run-program.ts';

const folder = programFolder();
afterAll(() => folder.stop());

let files: string[];
let others: string[];
beforeAll(async () => {
  const runs = [folder.run('session-class.mjs'), folder.run('module-map.cjs', { points: [100, 500] })];
  [files, others] = (await Promise.all(runs)).map((run) => run.files);
});

/** The error with which an analysis ends. */
async function errorOf(analysis: Promise<unknown>): Promise<HeapError> {
  const error: unknown = await analysis.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HeapError)) throw new Error(`no HeapError: ${String(error)}`);
  return error;
}

test('three snapshots are analysed in a thread, with progress that goes through each file from start to end', async () => {
  const told: AnalyzeProgress[] = [];
  const report = await analyzeSnapshots(files, { cwd: folder.root, onProgress: (progress) => told.push(progress) });
  expect(report).toMatchObject({
    format: 'ebb.findings/1',
    verdict: 'leak',
    findings: [{ subject: 'sessions (Map)' }],
  });
  expect(report.snapshots.map(({ file }) => file)).toEqual(files);
  expect(
    report.snapshots.every(({ fileBytes, objects, heapBytes }) => fileBytes > 1e6 && objects > 1e4 && heapBytes > 1e6),
  ).toBe(true);
  expect([...new Set(told.map(({ file }) => file))]).toEqual(files);
  for (const file of files) {
    const fractions = told
      .filter((step) => step.file === file && step.phase === 'reading')
      .map((step) => step.fraction);
    expect(fractions.length).toBeGreaterThan(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
  }
  expect(told.at(-1)?.phase).not.toBe('reading');
});

test('the event loop of the caller stays free', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await analyzeSnapshots(files, { cwd: folder.root });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
});

describe('an analysis that is called off', () => {
  test('ends with EBB_HEAP_ABORTED and the reason, and says no more of its progress', async () => {
    const controller = new AbortController();
    const reason = new Error('the user pressed Ctrl-C');
    let toldAfter = 0;
    const analysis = analyzeSnapshots(files, {
      signal: controller.signal,
      onProgress: () => (controller.signal.aborted ? toldAfter++ : controller.abort(reason)),
    });
    const error = await errorOf(analysis);
    expect([error.code, error.cause]).toEqual(['EBB_HEAP_ABORTED', reason]);
    const before = toldAfter;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(toldAfter).toBe(before);
  });

  test('before it began does not begin', async () => {
    let told = 0;
    const analysis = analyzeSnapshots(files, { signal: AbortSignal.abort(), onProgress: () => told++ });
    expect((await errorOf(analysis)).code).toBe('EBB_HEAP_ABORTED');
    expect(told).toBe(0);
  });

  test('after it ended is no error', async () => {
    const controller = new AbortController();
    const report = await analyzeSnapshots(files.slice(0, 1), { signal: controller.signal });
    controller.abort();
    expect(report.format).toBe('ebb.findings/1');
  });
});

describe('input that can not be analysed is refused with a code, and a message that names the file', () => {
  const place = (name: string): string => join(folder.root, name);
  const write = (name: string, content: string): string => {
    writeFileSync(place(name), content);
    return place(name);
  };
  const unknownFormat = buildSnapshot(
    { nodes: [{ id: 1, type: 'synthetic' }] },
    { nodeFields: ['kind', 'label', 'number'] },
  );

  test.each<{ input: string; code: HeapErrorCode; make: () => string }>([
    { input: 'a file that does not exist', code: 'EBB_HEAP_FILE_NOT_FOUND', make: () => place('none.heapsnapshot') },
    {
      input: 'a directory',
      code: 'EBB_HEAP_FILE_UNREADABLE',
      make: () => {
        mkdirSync(place('directory'));
        return place('directory');
      },
    },
    { input: 'an empty file', code: 'EBB_HEAP_TRUNCATED', make: () => write('empty', '') },
    { input: 'a text', code: 'EBB_HEAP_NOT_A_SNAPSHOT', make: () => write('text', 'not a snapshot') },
    { input: 'JSON of another kind', code: 'EBB_HEAP_NOT_A_SNAPSHOT', make: () => write('json', '{"name":"shop"}') },
    {
      input: 'a snapshot that was cut off',
      code: 'EBB_HEAP_TRUNCATED',
      make: () => {
        copyFileSync(files[2], place('cut'));
        truncateSync(place('cut'), Math.floor(readFileSync(files[2]).length * 0.3));
        return place('cut');
      },
    },
    {
      input: 'a snapshot of an unknown format',
      code: 'EBB_HEAP_UNKNOWN_FORMAT',
      make: () => write('new', unknownFormat),
    },
    {
      input: 'a snapshot with letters among its nodes',
      code: 'EBB_HEAP_CORRUPT',
      make: () => write('corrupt', readFileSync(files[0], 'latin1').replace('"nodes":[', '"nodes":[x')),
    },
  ])('$input: $code', async ({ code, make }) => {
    const file = make();
    for (const input of [[file], [file, files[0]]]) {
      const error = await errorOf(analyzeSnapshots(input));
      expect(error.code).toBe(code);
      expect(error.message).toContain(file);
    }
  });

  test('snapshots that are named newest first: EBB_HEAP_WRONG_ORDER, and which two', async () => {
    const error = await errorOf(analyzeSnapshots(files.toReversed()));
    expect(error.code).toBe('EBB_HEAP_WRONG_ORDER');
    expect(error.message).toContain(`${files[2]} is newer than ${files[1]}`);
    expect((await errorOf(analyzeSnapshots([files[0], files[2], files[1]]))).code).toBe('EBB_HEAP_WRONG_ORDER');
  });

  test('snapshots of two programs: EBB_HEAP_DIFFERENT_PROGRAMS', async () => {
    for (const input of [
      [files[0], others[1]],
      [others[0], others[1], files[2]],
    ]) {
      const error = await errorOf(analyzeSnapshots(input));
      expect(error.code).toBe('EBB_HEAP_DIFFERENT_PROGRAMS');
      expect(error.message).toContain(input[0]);
    }
  });

  test('no snapshot at all: EBB_HEAP_FILE_NOT_FOUND, and what to name', async () => {
    const error = await errorOf(analyzeSnapshots([]));
    expect(error.code).toBe('EBB_HEAP_FILE_NOT_FOUND');
    expect(error.message).toContain('Name one or several');
  });
});
