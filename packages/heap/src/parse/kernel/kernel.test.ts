import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Kernel, MOST_INTEGERS, WINDOW_BYTES } from './kernel.ts';
import { ScriptKernel } from './script-kernel.ts';
import { WasmKernel } from './wasm-kernel.ts';

const kernels: Kernel[] = [WasmKernel.create(0)!, new ScriptKernel()];

/** Runs the same with both, and holds what they tell against each other. */
function bothTell(run: (kernel: Kernel) => unknown): unknown {
  const [compiled, script] = kernels.map(run);
  expect(script).toEqual(compiled);
  return script;
}

const byte = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0x30, max: 0x39 }) },
  { weight: 6, arbitrary: fc.constant(0x2c) },
  { weight: 2, arbitrary: fc.constantFrom(0x20, 0x0a, 0x0d, 0x09) },
);
/** Numbers of one to eleven digits and what may stand between them. */
const bytes = fc.array(byte, { maxLength: 300 });

const uint32 = fc.oneof(
  { weight: 3, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
  { weight: 1, arbitrary: fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff) },
);

/** Rows of as many fields, and where in them some fields stand. */
const rowsOf = (leastWidth: number): fc.Arbitrary<{ width: number; places: number[]; integers: number[] }> =>
  fc.integer({ min: leastWidth, max: 9 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      places: fc.shuffledSubarray(
        Array.from({ length: width }, (_, at) => at),
        { minLength: leastWidth, maxLength: leastWidth },
      ),
      integers: fc
        .array(fc.array(uint32, { minLength: width, maxLength: width }), { maxLength: 30 })
        .map((rows) => rows.flat()),
    }),
  );

describe('both kernels tell the same', () => {
  test('of a window that is cut anywhere, with whatever bytes in it and behind it', () => {
    const stops = new Set<number>();
    fc.assert(
      fc.property(
        bytes,
        fc.option(fc.integer({ min: 0, max: 255 })),
        fc.nat(300),
        fc.nat(300),
        fc.oneof(fc.nat(64), fc.integer({ min: MOST_INTEGERS - 70, max: MOST_INTEGERS })),
        (window, odd, oddAt, cut, skip) => {
          const held = window.slice();
          if (odd !== null) held.splice(oddAt, 0, odd);
          const length = Math.min(cut, held.length);
          bothTell((kernel) => {
            kernel.input.set(held); // bytes behind the cut, and those of the windows before, do not matter
            kernel.integers.fill(7, skip);
            const scanned = kernel.scan(length, skip);
            stops.add(scanned.stopped);
            return { scanned, integers: [...kernel.integers.subarray(skip, skip + 160)] };
          });
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
    expect([...stops].sort()).toEqual([0, 1, 2]);
  });

  test('of a window full of digits, or of separators', () => {
    for (const filler of [0x31, 0x2c, 0x20]) {
      bothTell((kernel) => {
        kernel.input.fill(filler);
        return kernel.scan(WINDOW_BYTES, 0);
      });
    }
  });

  test('of rows of nodes, whatever their fields, and of sums of edges past 2^32', () => {
    let good = 0;
    let bad = 0;
    let largestSum = 0;
    fc.assert(
      fc.property(fc.array(rowsOf(5), { maxLength: 4 }), fc.constantFrom(1, 15, 255, 0xffffffff), (windows, types) => {
        const told = bothTell((kernel) => {
          kernel.reset();
          return windows.map(({ width, places, integers }) => {
            const [type, name, id, selfSize, edgeCount] = places;
            kernel.integers.set(integers);
            const rows = integers.length / width;
            const taken = kernel.nodes(rows, width, { type, name, id, selfSize, edgeCount }, types);
            if (taken === rows) good++;
            else bad++;
            largestSum = Math.max(largestSum, kernel.edgeSum);
            return columnsOf(kernel, taken);
          });
        });
        expect(told).toHaveLength(windows.length);
      }),
      { numRuns: 1000, seed: 7 },
    );
    expect(Math.min(good, bad)).toBeGreaterThan(100);
    expect(largestSum).toBeGreaterThan(2 ** 34);
  });

  test('of rows of edges, wherever they lead, and whichever types of them are named', () => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(
        fc.array(rowsOf(3), { maxLength: 4 }),
        fc.integer({ min: 1, max: 64 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.integer({ min: 1, max: 64 }),
        fc.constantFrom(1, 20, 0xffffffff),
        fc.boolean(),
        (windows, typeCount, named, nodeFields, nodeCount, isMended) => {
          const told = bothTell((kernel) => {
            kernel.reset();
            return windows.map(({ width, places, integers }) => {
              const [type, name, to] = places;
              kernel.integers.set(integers);
              const rows = integers.length / width;
              for (let at = 0; isMended && at < integers.length; at += width) {
                kernel.integers[at + type] %= typeCount;
                const node = kernel.integers[at + to] % Math.min(nodeCount, Math.floor(2 ** 32 / nodeFields));
                kernel.integers[at + to] = node * nodeFields;
              }
              const taken = kernel.edges(rows, width, { type, name, to }, { typeCount, named, nodeFields, nodeCount });
              if (taken === rows) good++;
              else bad++;
              return columnsOf(kernel, taken);
            });
          });
          expect(told).toHaveLength(windows.length);
        },
      ),
      { numRuns: 1000, seed: 7 },
    );
    expect(Math.min(good, bad)).toBeGreaterThan(100);
  });
});

function columnsOf(kernel: Kernel, rows: number): unknown {
  const { types, columns, largestName, edgeSum } = kernel;
  return { rows, largestName, edgeSum, columns: [types, ...columns].map((column) => [...column.subarray(0, rows)]) };
}
