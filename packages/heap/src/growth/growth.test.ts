import { afterAll, describe, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { EdgeSpec, EdgeTypeName, NodeSpec, SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { measureContainers } from '../graph/containers.ts';
import { Dominated } from '../graph/dominated.ts';
import { computeDominators } from '../graph/dominators.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { cohorts, summarize } from './cohorts.ts';
import { findGrowth } from './growth.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const ROOT = 1;

/** A program's heap between snapshots: objects are made and forgotten, and what nothing reaches is collected. */
class Heap {
  readonly #nodes = new Map<number, NodeSpec>([[ROOT, { id: ROOT, type: 'synthetic' }]]);
  #edges: EdgeSpec[] = [];
  #nextId = 3;

  /** An object of a class, held by a property of another. */
  object(name: string, from: number, edge: string | number, type: EdgeTypeName = 'property', selfSize = 100): number {
    return this.node({ name, selfSize }, { from, name: edge, type });
  }

  node(spec: Omit<NodeSpec, 'id'>, edge: Omit<EdgeSpec, 'to'>): number {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#nodes.set(id, { ...spec, id });
    this.link(id, edge);
    return id;
  }

  link(to: number, edge: Omit<EdgeSpec, 'to'>): void {
    this.#edges.push({ ...edge, to });
  }

  unlink(from: number, to: number): void {
    this.#edges = this.#edges.filter((edge) => edge.from !== from || edge.to !== to);
  }

  /** What a snapshot shows now. */
  take(): SnapshotSpec {
    const reached = new Set([ROOT]);
    const targets = new Map<number, number[]>();
    for (const { from, to } of this.#edges) targets.set(from, [...(targets.get(from) ?? []), to]);
    for (const id of reached) for (const to of targets.get(id) ?? []) reached.add(to);
    return {
      nodes: [...this.#nodes.values()].filter(({ id }) => reached.has(id)),
      edges: this.#edges.filter(({ from }) => reached.has(from)),
    };
  }
}

/** A Map as V8 keeps it: its entries stand in a table, which is replaced by a larger one. */
class MapModel {
  readonly id: number;
  readonly #heap: Heap;
  #table: number;
  #values: number[] = [];

  constructor(heap: Heap, from: number, name: string) {
    this.#heap = heap;
    this.id = heap.object('Map', from, name);
    this.#table = this.#makeTable();
  }

  add(name: string): number {
    const value = this.#heap.object(name, this.#table, 'value', 'internal');
    this.#values.push(value);
    return value;
  }

  hold(value: number): void {
    this.#heap.link(value, { from: this.#table, type: 'internal', name: 'value' });
    this.#values.push(value);
  }

  /** Forgets the oldest, down to `size`. */
  shrinkTo(size: number): void {
    while (this.#values.length > size) this.#heap.unlink(this.#table, this.#values.shift()!);
  }

  grow(): void {
    this.#heap.unlink(this.id, this.#table);
    this.#table = this.#makeTable();
    for (const to of this.#values) this.#heap.link(to, { from: this.#table, type: 'internal', name: 'value' });
  }

  #makeTable(): number {
    const table = { type: 'array', name: '', selfSize: 16 * this.#values.length } as const;
    return this.#heap.node(table, { from: this.id, type: 'internal', name: 'table' });
  }
}

interface Told {
  verdict: string;
  holder: string;
  type: string;
  count: number[];
  reason: string;
}

/** Takes a snapshot before the first step and after each, and tells what grew, the most telling first. */
function growthOver(heap: Heap, steps: (() => void)[], work: number[] = steps.map(() => 1)): Told[] {
  const graphs: HeapGraph[] = [];
  const take = (): void => {
    graphs.push(buildGraph(parseSnapshot(folder.write(buildSnapshot(heap.take())))));
  };
  take();
  for (const step of steps) {
    step();
    take();
  }
  const graph = graphs.pop()!;
  const earlier = graphs.map(summarize);
  const tree = computeDominators(graph);
  const found = findGrowth({
    graph,
    tree,
    dominated: new Dominated(tree),
    sizes: measureContainers(graph),
    cohort: cohorts(graph, earlier),
    earlier,
    workPerStep: work,
  });
  return found.map(({ verdict, holder, sampleType, countPerStep, reason }) => {
    const slot = graph.firstRetainer[holder];
    const edge = graph.retainerEdge[slot];
    return { verdict, holder: graph.strings.get(graph.edgeName[edge]), type: sampleType, count: countPerStep, reason };
  });
}

/** A module's scope below the root, with what a program starts with. */
function program(): { heap: Heap; scope: number } {
  const heap = new Heap();
  const scope = heap.node({ type: 'hidden', name: 'system / Context' }, { from: ROOT, type: 'element', name: 1 });
  return { heap, scope };
}

const times = (count: number, act: (at: number) => void): void => {
  for (let at = 0; at < count; at++) act(at);
};

describe('what piles up', () => {
  test('a Map that gains objects in every step leaks, through every replacement of its table', () => {
    const { heap, scope } = program();
    const sessions = new MapModel(heap, scope, 'sessions');
    times(10, () => sessions.add('Session'));
    const step = (): void => {
      times(50, () => sessions.add('Session'));
      sessions.grow();
    };
    expect(growthOver(heap, [step, step])).toEqual([
      {
        verdict: 'leak',
        holder: 'sessions',
        type: 'Session',
        count: [50, 50],
        reason: 'it grew in every step, in step with the work, and kept what it got',
      },
    ]);
  });

  test('two snapshots show growth, but not that it goes on: a suspect', () => {
    const { heap, scope } = program();
    const sessions = new MapModel(heap, scope, 'sessions');
    expect(growthOver(heap, [() => times(50, () => sessions.add('Session'))])).toMatchObject([
      { verdict: 'suspect', holder: 'sessions', count: [50] },
    ]);
  });

  test('four snapshots make one leak of three steps', () => {
    const { heap, scope } = program();
    const sessions = new MapModel(heap, scope, 'sessions');
    const step = (): void => times(30, () => sessions.add('Session'));
    expect(growthOver(heap, [step, step, step])).toMatchObject([{ verdict: 'leak', count: [30, 30, 30] }]);
  });

  test('one leak is one finding, however much hangs on each member', () => {
    const { heap, scope } = program();
    const sessions = new MapModel(heap, scope, 'sessions');
    const step = (): void =>
      times(30, () => {
        const session = sessions.add('Session');
        const cart = new MapModel(heap, session, 'cart');
        times(15, () => cart.add('Article'));
        heap.object('User', session, 'user');
      });
    expect(growthOver(heap, [step, step])).toMatchObject([{ holder: 'sessions', type: 'Session', count: [30, 30] }]);
  });

  test('two leaks are two findings, the heavier one first', () => {
    const { heap, scope } = program();
    const [light, heavy] = [new MapModel(heap, scope, 'light'), new MapModel(heap, scope, 'heavy')];
    const step = (): void => {
      times(30, () => light.add('Visit'));
      times(90, () => heavy.add('Page'));
    };
    expect(growthOver(heap, [step, step])).toMatchObject([{ holder: 'heavy' }, { holder: 'light' }]);
  });
});

describe('what has a bound', () => {
  test('a Map that stops growing is no leak', () => {
    const { heap, scope } = program();
    const cache = new MapModel(heap, scope, 'cache');
    const found = growthOver(heap, [() => times(200, () => cache.add('Page')), () => undefined]);
    expect(found.map(({ verdict }) => verdict)).not.toContain('leak');
    expect(found.map(({ verdict }) => verdict)).not.toContain('suspect');
  });

  test('growth that slows down is bounded, and the report says by how much', () => {
    const { heap, scope } = program();
    const cache = new MapModel(heap, scope, 'cache');
    const steps = [200, 40].map((count) => () => times(count, () => cache.add('Page')));
    expect(growthOver(heap, steps)).toMatchObject([
      { verdict: 'bounded', holder: 'cache', reason: 'its growth slows down: the last step brought 20 % of the first' },
    ]);
  });

  test.each([false, true])('an array of fixed length whose slots fill is bounded (indexed by a Map: %s)', (indexed) => {
    const { heap, scope } = program();
    const slots = heap.object('Array', scope, 'slots');
    const store = heap.node({ type: 'array', selfSize: 8000 }, { from: slots, type: 'internal', name: 'elements' });
    const index = new MapModel(heap, scope, 'index');
    const placeholders = Array.from({ length: 300 }, (_, at) => {
      return heap.object('Empty', slots, at, 'element', 0);
    });
    let next = 0;
    const step = (): void =>
      times(80, () => {
        heap.unlink(slots, placeholders[next]);
        const entry = heap.object('Entry', slots, next++, 'element');
        heap.link(entry, { from: store, type: 'hidden', name: next });
        if (indexed) index.hold(entry);
      });
    const found = growthOver(heap, [step, step]);
    expect(found).toMatchObject([
      { verdict: 'bounded', reason: 'it fills slots of a fixed number, which were there from the start' },
    ]);
  });

  test('unequal steps are judged by the work that was done in them', () => {
    const run = (work?: number[]): Told[] => {
      const { heap, scope } = program();
      const sessions = new MapModel(heap, scope, 'sessions');
      return growthOver(
        heap,
        [100, 30].map((count) => () => times(count, () => sessions.add('Session'))),
        work,
      );
    };
    expect(run()).toMatchObject([{ verdict: 'bounded' }]);
    expect(run([1000, 300])).toMatchObject([{ verdict: 'leak' }]);
  });

  test('eleven objects in a step are too few to say anything', () => {
    const { heap, scope } = program();
    const pool = new MapModel(heap, scope, 'pool');
    const step = (): void => times(11, () => pool.add('Connection'));
    expect(growthOver(heap, [step, step])).toEqual([]);
  });
});

describe('what comes and goes', () => {
  test('a batch that is flushed leaves nothing to tell, whatever it holds at the moment', () => {
    const { heap, scope } = program();
    const batch = new MapModel(heap, scope, 'batch');
    const step = (): void => {
      batch.shrinkTo(0);
      times(100, () => batch.add('Row'));
    };
    expect(growthOver(heap, [step, step])).toEqual([]);
  });

  test('requests in flight, more of them in each snapshot, are no leak', () => {
    const { heap, scope } = program();
    const active = new MapModel(heap, scope, 'active');
    const steps = [40, 80, 160].map((inFlight) => (): void => {
      active.shrinkTo(0);
      times(inFlight, () => active.add('Request'));
    });
    expect(growthOver(heap, steps)).toEqual([]);
  });

  test.each([30, 60, 150, 250])('sessions that expire are no leak: 100 come in each step, the last %i stay', (kept) => {
    const { heap, scope } = program();
    const sessions = new MapModel(heap, scope, 'sessions');
    const step = (): void => {
      times(100, () => sessions.add('Session'));
      sessions.shrinkTo(kept);
    };
    times(3, step);
    const verdicts = growthOver(heap, [step, step]).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict !== 'bounded')).toEqual([]);
  });
});

describe('who holds it', () => {
  test('a linked list is held by what holds its head, not by its oldest link', () => {
    const { heap, scope } = program();
    const queue = heap.object('Queue', scope, 'queue');
    let tail = heap.object('Job', queue, 'head');
    const step = (): void => times(40, () => (tail = heap.object('Job', tail, 'next')));
    times(3, () => (tail = heap.object('Job', tail, 'next')));
    expect(growthOver(heap, [step, step])).toMatchObject([
      { verdict: 'leak', holder: 'queue', type: 'Job', count: [40, 40] },
    ]);
  });

  test('a list that grows at its head is held by the same, though each link holds all that are older', () => {
    const { heap, scope } = program();
    const stack = heap.object('Stack', scope, 'stack');
    let head = heap.object('Frame', stack, 'head');
    const push = (): void => {
      heap.unlink(stack, head);
      const older = head;
      head = heap.object('Frame', stack, 'head');
      heap.link(older, { from: head, name: 'next' });
    };
    const step = (): void => times(40, push);
    expect(growthOver(heap, [step, step])).toMatchObject([
      { verdict: 'leak', holder: 'stack', type: 'Frame', count: [40, 40] },
    ]);
  });

  test('promises that each wait for the one before are held by the oldest, which never settled', () => {
    const { heap, scope } = program();
    let last = heap.object('Promise', heap.object('Lock', scope, 'lock'), 'tail');
    const step = (): void =>
      times(40, () => {
        const reaction = heap.node(
          { type: 'hidden', name: 'system / PromiseReaction', selfSize: 32 },
          { from: last, type: 'internal', name: 'reactions_or_result' },
        );
        last = heap.object('Promise', reaction, 'promise_or_capability', 'internal');
      });
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'leak', holder: 'tail', type: 'Promise' }]);
  });

  test('of two collections that share their members, the one with most of them is the holder', () => {
    const { heap, scope } = program();
    const all = new MapModel(heap, scope, 'all');
    const some = new MapModel(heap, scope, 'some');
    let made = 0;
    const step = (): void =>
      times(60, () => {
        const session = all.add('Session');
        if (made++ % 3 !== 0) some.hold(session);
      });
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'leak', holder: 'all', count: [60, 60] }]);
  });
});

describe('over any number of snapshots', () => {
  /** A Map that gains so many objects in each step, and loses its oldest down to a size where one is given. */
  const cache = (added: readonly number[], keptAtMost: number = Infinity): Told[] => {
    const { heap, scope } = program();
    const pages = new MapModel(heap, scope, 'pages');
    const step = (count: number) => (): void => {
      times(count, () => pages.add('Page'));
      pages.shrinkTo(keptAtMost);
    };
    return growthOver(heap, added.map(step));
  };
  const verdicts = (told: Told[]): string[] => told.map(({ verdict }) => verdict);

  test.each([2, 4, 9])('steady growth in %i steps is a leak', (steps) => {
    const added = new Array<number>(steps).fill(40);
    expect(cache(added)).toMatchObject([{ verdict: 'leak', holder: 'pages', count: added }]);
  });

  test.each([
    ['reaches a plateau', [200, 200, 60, 0]],
    ['stops after the first of nine steps', [300, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['stops before the last of nine steps', [50, 50, 50, 50, 50, 50, 50, 50, 0]],
    ['gets slower and slower', [160, 80, 40, 20]],
  ])('growth that %s is no leak', (_, added) => {
    for (const verdict of verdicts(cache(added))) expect(verdict).toBe('bounded');
  });

  test('a cache that is full, and evicts for what comes, is no leak in any number of steps', () => {
    expect(verdicts(cache([500, 100, 100, 100, 100], 500)).filter((verdict) => verdict !== 'bounded')).toEqual([]);
    expect(verdicts(cache([100, 100], 100))).toEqual([]);
  });

  test('a sawtooth that is cut back now and then is no leak', () => {
    const { heap, scope } = program();
    const batch = new MapModel(heap, scope, 'batch');
    const steps = [1, 2, 3, 4, 5, 6].map((step) => (): void => {
      if (step % 3 === 0) batch.shrinkTo(0);
      times(80, () => batch.add('Row'));
    });
    expect(verdicts(growthOver(heap, steps)).filter((verdict) => verdict === 'leak')).toEqual([]);
  });

  test('three leaks among what is healthy are three findings', () => {
    const { heap, scope } = program();
    const [visits, errors, mails] = ['visits', 'errors', 'mails'].map((name) => new MapModel(heap, scope, name));
    const lru = new MapModel(heap, scope, 'lru');
    const step = (): void => {
      times(90, () => visits.add('Visit'));
      times(60, () => errors.add('Failure'));
      times(30, () => mails.add('Mail'));
      times(200, () => lru.add('Page'));
      lru.shrinkTo(100);
    };
    expect(growthOver(heap, [step, step, step])).toMatchObject([
      { verdict: 'leak', holder: 'visits' },
      { verdict: 'leak', holder: 'errors' },
      { verdict: 'leak', holder: 'mails' },
    ]);
  });

  test('fewer than a dozen in a step, however much hangs on each, are a suspect and no leak', () => {
    const { heap, scope } = program();
    const tables = new MapModel(heap, scope, 'tables');
    const step = (): void =>
      times(9, () => {
        const table = tables.add('Table');
        times(20, (at) => heap.object('Row', table, at, 'element'));
      });
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'suspect', holder: 'tables', count: [9, 9] }]);
  });
});
