import { describe, expect, test } from 'vitest';
import { growthOver, MapModel, program, times, type Told } from './fixtures/heap-over-time.ts';

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
});
