import { describe, expect, test } from 'vitest';
import { growthOver, type Heap, MapModel, program, times } from './fixtures/heap-over-time.ts';

/** An array of numbers: V8 keeps them in a store without references, which a larger one replaces when it is full. */
class Numbers {
  readonly #heap: Heap;
  readonly #id: number;
  #store = 0;
  #room = 0;
  #length = 0;

  constructor(heap: Heap, from: number, name: string) {
    this.#heap = heap;
    this.#id = heap.object('Array', from, name);
    this.#replace(17);
  }

  push(count: number): void {
    this.#length += count;
    let room = this.#room;
    while (room < this.#length) room = Math.floor(room * 1.5) + 17;
    if (room !== this.#room) this.#replace(room);
  }

  clear(): void {
    this.#length = 0;
    this.#replace(17);
  }

  #replace(room: number): void {
    if (this.#store !== 0) this.#heap.unlink(this.#id, this.#store);
    this.#room = room;
    const store = { type: 'array', name: '', selfSize: 16 + 8 * room } as const;
    this.#store = this.#heap.node(store, { from: this.#id, type: 'internal', name: 'elements' });
  }
}

/** A property whose value is replaced. */
function slotOf(heap: Heap, holder: number, name: string, make: (bytes: number) => number): (bytes: number) => void {
  let value = 0;
  return (bytes) => {
    if (value !== 0) heap.unlink(holder, value);
    value = make(bytes);
    heap.link(value, { from: holder, type: 'property', name });
  };
}

const textOf =
  (heap: Heap, beside: number) =>
  (bytes: number): number =>
    heap.node({ type: 'string', name: 'x', selfSize: bytes }, { from: beside, type: 'weak', name: 1 });

function bufferOf(heap: Heap, beside: number): (bytes: number) => number {
  return (bytes) => {
    const view = heap.node({ name: 'Buffer', selfSize: 96 }, { from: beside, type: 'weak', name: 1 });
    const buffer = heap.node({ name: 'ArrayBuffer', selfSize: 80 }, { from: view, type: 'internal', name: 'buffer' });
    const store = { type: 'native', name: 'system / JSArrayBufferData', selfSize: bytes } as const;
    heap.node(store, { from: buffer, type: 'internal', name: 'backing_store' });
    return view;
  };
}

describe('numbers', () => {
  test('that pile up in an array leak, once steps of unequal work say the same', () => {
    const { heap, scope } = program();
    const durations = new Numbers(heap, scope, 'durations');
    durations.push(1000);
    const steps = [10_000, 23_000].map((count) => () => durations.push(count));
    expect(growthOver(heap, steps, [100, 230])).toMatchObject([
      { verdict: 'leak', holder: 'durations', type: 'value', count: [0, 0] },
    ]);
  });

  test('leak, too, where the last step is as little longer as that of a memory test of work that has become slow', () => {
    const { heap, scope } = program();
    const durations = new Numbers(heap, scope, 'durations');
    durations.push(1000);
    const steps = [10_000, 12_960].map((count) => () => durations.push(count));
    expect(growthOver(heap, steps, [3000, 3889])).toMatchObject([{ verdict: 'leak', holder: 'durations' }]);
  });

  test('are a suspect after steps of equal work: what is emptied by turns looks the same', () => {
    const { heap, scope } = program();
    const durations = new Numbers(heap, scope, 'durations');
    const step = (): void => durations.push(10_000);
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'suspect', holder: 'durations' }]);
  });

  test('of an array that is emptied by turns, that stays as it is, or that slows down, are nothing', () => {
    const emptied = program();
    const batch = new Numbers(emptied.heap, emptied.scope, 'batch');
    batch.push(2000);
    const fill = (count: number) => () => {
      batch.clear();
      batch.push(count);
    };
    expect(growthOver(emptied.heap, [fill(9000), fill(4000)], [100, 230])).toEqual([]);

    const still = program();
    const table = new Numbers(still.heap, still.scope, 'table');
    table.push(5000);
    expect(growthOver(still.heap, [() => undefined, () => undefined], [100, 230])).toEqual([]);

    const slowing = program();
    const cache = new Numbers(slowing.heap, slowing.scope, 'cache');
    cache.push(1000);
    const slower = [20_000, 1500].map((count) => () => cache.push(count));
    expect(growthOver(slowing.heap, slower, [100, 230])).toEqual([]);
  });

  test('two snapshots say nothing of', () => {
    const { heap, scope } = program();
    const durations = new Numbers(heap, scope, 'durations');
    expect(growthOver(heap, [() => durations.push(10_000)])).toEqual([]);
  });
});

describe.each([
  { what: 'a text', make: textOf, type: 'string' },
  { what: 'a Buffer', make: bufferOf, type: 'Buffer' },
])('$what', ({ make, type }) => {
  test('that is replaced by a longer one each time leaks', () => {
    const { heap, scope } = program();
    const state = heap.object('State', scope, 'state');
    const replace = slotOf(heap, state, 'body', make(heap, scope));
    replace(5000);
    const steps = [15_000, 38_000].map((bytes) => () => replace(bytes));
    expect(growthOver(heap, steps, [100, 230])).toMatchObject([
      { verdict: 'leak', holder: 'state', type, count: [0, 0] },
    ]);
  });

  test('that is sent off and begun anew is nothing, unless all looks meet it growing', () => {
    const sizes = [5000, 15_000, 9000];
    const { heap, scope } = program();
    const state = heap.object('State', scope, 'state');
    const replace = slotOf(heap, state, 'body', make(heap, scope));
    replace(sizes[0]);
    const steps = sizes.slice(1).map((bytes) => () => replace(bytes));
    expect(growthOver(heap, steps, [100, 230])).toEqual([]);

    replace(5000);
    const alike = [15_000, 25_000].map((bytes) => () => replace(bytes));
    expect(growthOver(heap, alike, [100, 230])).toEqual([]); // by equal amounts, and not by the work
    replace(5000);
    expect(growthOver(heap, alike)).toMatchObject([{ verdict: 'suspect' }]);
  });
});

test('what objects grow by is told by the objects alone', () => {
  const { heap, scope } = program();
  const sessions = new MapModel(heap, scope, 'sessions');
  const step = (count: number) => () => {
    times(count, () => sessions.add('Session'));
    sessions.grow();
  };
  expect(growthOver(heap, [step(500), step(1150)], [100, 230])).toMatchObject([
    { holder: 'sessions', type: 'Session' },
  ]);
});

test('a text that many hold is nobody’s own', () => {
  const { heap, scope } = program();
  const holders = Array.from({ length: 12 }, (_, at) => heap.object('Reader', scope, `reader${at}`));
  let text = 0;
  const replace = (bytes: number): void => {
    for (const holder of holders) if (text !== 0) heap.unlink(holder, text);
    text = textOf(heap, scope)(bytes);
    for (const holder of holders) heap.link(text, { from: holder, type: 'property', name: 'text' });
  };
  replace(5000);
  expect(growthOver(heap, [() => replace(15_000), () => replace(38_000)], [100, 230])).toEqual([]);
});
