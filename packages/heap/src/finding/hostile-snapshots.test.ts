/**
 * Damaged and odd snapshots through the whole analysis: every one gives a report or an error with a code, with bounded
 * reading and bounded memory. `EBB_FUZZ_RUNS` sets the number of runs of each test; the seed is fixed unless
 * `EBB_FUZZ_SEED` gives another.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HeapError, heapErrorCodes } from '../errors/heap-error.ts';
import { leakyHeap } from '../fixtures/leaky-series.ts';
import { textMutation, twist } from '../fixtures/mutations.ts';
import { randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, snapshotFolder, type WriteOptions } from '../fixtures/snapshot-builder.ts';
import { renderFindings } from '../report/render-findings.ts';
import { analyze } from './analyze.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const numRuns = Number(process.env['EBB_FUZZ_RUNS'] ?? 300);
const options = { numRuns, seed: Number(process.env['EBB_FUZZ_SEED'] ?? 7) };

/**
 * What the analysis may allocate in typed arrays, over its whole course, for each byte of its files, and beside that.
 * docs/guide/analyzing-snapshots.md states it.
 */
const BYTES_A_BYTE = 16;
const FIXED_BYTES = 256 << 10;

/** Counts the bytes of all typed arrays that are made while a test runs. */
const counted = { bytes: 0 };
const kinds = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float64Array', 'ArrayBuffer', 'SharedArrayBuffer'] as const; // prettier-ignore
const originals = new Map(kinds.map((kind) => [kind, globalThis[kind]]));
beforeEach(() => {
  for (const kind of kinds) {
    const original = globalThis[kind] as new (...args: unknown[]) => { byteLength: number };
    const counting = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        const made = Reflect.construct(target, args, newTarget === counting ? target : newTarget) as {
          byteLength: number;
        };
        if (!(args[0] instanceof ArrayBuffer) && !(args[0] instanceof SharedArrayBuffer))
          counted.bytes += made.byteLength;
        return made;
      },
    });
    Object.assign(globalThis, { [kind]: counting });
  }
});
afterEach(() => {
  for (const [kind, original] of originals) Object.assign(globalThis, { [kind]: original });
});

const files = ['a', 'b', 'c'].map((name) => folder.path(`${name}.heapsnapshot`));

/** Analyses the snapshots; returns the verdict, or the code of the error. */
function outcomeOf(contents: readonly (string | Buffer)[]): string {
  const used = files.slice(0, contents.length);
  let inputBytes = 0;
  contents.forEach((content, k) => {
    writeFileSync(used[k], content);
    inputBytes += content.length;
  });
  let reads = 0;
  counted.bytes = 0;
  try {
    const report = analyze({
      files: used,
      cwd: '/srv/shop',
      work: [],
      contents: true,
      onProgress: (phase) => {
        if (phase === 'reading') reads++;
      },
    });
    // A report can be printed, whatever the names in it are, and drives no terminal.
    const text = renderFindings(JSON.parse(JSON.stringify(report)) as typeof report, { color: false, width: 100 });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
    return report.verdict;
  } catch (error) {
    if (!(error instanceof HeapError)) throw error;
    expect(heapErrorCodes).toContain(error.code);
    return error.code;
  } finally {
    expect(reads).toBeLessThanOrEqual(inputBytes / 65536 + 4 * contents.length);
    expect(counted.bytes).toBeLessThanOrEqual(BYTES_A_BYTE * inputBytes + FIXED_BYTES * contents.length);
  }
}

const series = [15, 30, 45].map((sessions) => leakyHeap(sessions));
const layouts = fc.constantFrom<WriteOptions>({ layout: 'node20' }, { layout: 'node24' }, { indent: 1 });

describe('whatever is done to', () => {
  test('the bytes of a snapshot, its analysis ends with a report or with an error that has a code', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(layouts, fc.array(textMutation, { minLength: 1, maxLength: 3 }), (layout, mutations) => {
        const whole = Buffer.from(buildSnapshot(series[2], layout));
        const outcome = outcomeOf([mutations.reduce<Buffer>((bytes, mutate) => mutate(bytes), whole)]);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      options,
    );
    // The mutations reach every stage.
    for (const code of ['EBB_HEAP_TRUNCATED', 'EBB_HEAP_CORRUPT', 'EBB_HEAP_NOT_A_SNAPSHOT', 'clean'])
      expect(outcomes.get(code), code).toBeGreaterThan(0);
  });

  test('the bytes of one of a series, likewise', () => {
    const whole = series.map((spec) => Buffer.from(buildSnapshot(spec)));
    fc.assert(
      fc.property(fc.nat(2), textMutation, (which, mutate) => {
        outcomeOf(whole.map((bytes, k) => (k === which ? mutate(bytes) : bytes)));
      }),
      options,
    );
  });

  test('what the snapshots of a series say, likewise', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(twist, { maxLength: 3 }),
        fc.array(twist, { maxLength: 3 }),
        fc.array(twist, { minLength: 1, maxLength: 5 }),
        (...twists) => {
          const texts = twists.map((ofOne, k) =>
            buildSnapshot(series[k], {
              overrides: (document) => {
                for (const change of ofOne) change(document);
              },
            }),
          );
          outcomes.add(outcomeOf(texts));
        },
      ),
      options,
    );
    expect([...outcomes]).toEqual(expect.arrayContaining(['leak', 'clean']));
  });

  test('a graph at random, likewise', () => {
    fc.assert(
      fc.property(randomHeap(30), fc.array(twist, { maxLength: 3 }), (spec, twists) => {
        const overrides: WriteOptions['overrides'] = (document) => {
          for (const change of twists) change(document);
        };
        outcomeOf([buildSnapshot(spec, { overrides })]);
      }),
      options,
    );
  });

  test('a snapshot of as many objects and references a byte as can be, its memory is bounded likewise', () => {
    const nodes = Array.from({ length: 3000 }, (_, k) => ({ id: 2 * k + 1, name: '<dummy>' }));
    const edges = nodes.flatMap(({ id }, k) => [
      { from: 1, to: id, type: 'context' as const, name: '<dummy>' },
      ...Array.from({ length: 12 }, () => ({
        from: id,
        to: nodes[k >> 3].id,
        type: 'context' as const,
        name: '<dummy>',
      })),
    ]);
    const text = buildSnapshot({ nodes, edges });
    expect(text.length / (nodes.length + edges.length)).toBeLessThan(11);
    expect(outcomeOf([text, text, text])).toBe('EBB_HEAP_DIFFERENT_PROGRAMS'); // it has no functions to tell by
    expect(outcomeOf([text])).toBe('clean');
    expect(counted.bytes / text.length).toBeGreaterThan(1); // it does count
  });
});
