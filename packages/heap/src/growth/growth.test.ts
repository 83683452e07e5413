import { describe, expect, test } from 'vitest';
import { growthOver, MapModel, program, times } from './fixtures/heap-over-time.ts';

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

  test('what hangs on one object a step is counted whole, however much it is', () => {
    const { heap, scope } = program();
    const batches = heap.object('Batches', scope, 'batches');
    let nth = 0;
    const step = (): void => {
      const batch = heap.object('Batch', batches, `batch ${nth++}`);
      times(201_000, (at) => heap.object('Row', batch, at, 'element'));
    };
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'leak', type: 'Row', count: [201_000, 201_000] }]);
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

  test('a text that gets longer by pieces is held by what holds the whole of it', () => {
    const { heap, scope } = program();
    const log = heap.object('Log', scope, 'log');
    const piece = { type: 'concatenated string', name: 'x', selfSize: 32 } as const;
    let whole = heap.node({ ...piece, type: 'string' }, { from: log, type: 'property', name: 'text' });
    const line = (): void => {
      heap.unlink(log, whole);
      const shorter = whole;
      whole = heap.node(piece, { from: log, type: 'property', name: 'text' });
      heap.link(shorter, { from: whole, type: 'internal', name: 'first' });
      heap.node({ type: 'string', name: 'x', selfSize: 40 }, { from: whole, type: 'internal', name: 'second' });
    };
    const step = (): void => times(40, line);
    expect(growthOver(heap, [step, step])).toMatchObject([{ verdict: 'leak', holder: 'log', type: 'string' }]);
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

  test('a list that forgets to cut off what it evicts leaks all of that, and not only the links that are in use', () => {
    const { heap, scope } = program();
    const recent = heap.object('Recent', scope, 'recent');
    const links = [heap.object('Page', recent, 'head')];
    heap.link(links[0], { from: recent, name: 'tail' });
    let tail = 0;
    const visit = (): void => {
      const newest = links[links.length - 1];
      heap.unlink(recent, newest);
      if (newest === links[tail]) heap.link(newest, { from: recent, name: 'tail' });
      const page = heap.object('Page', recent, 'head');
      heap.link(newest, { from: page, name: 'older' });
      heap.link(page, { from: newest, name: 'newer' });
      links.push(page);
      if (links.length - tail <= 30) return;
      heap.unlink(recent, links[tail]);
      heap.link(links[++tail], { from: recent, name: 'tail' });
    };
    times(50, visit);
    const step = (): void => times(200, visit);
    expect(growthOver(heap, [step, step])).toMatchObject([
      { verdict: 'leak', holder: 'recent', type: 'Page', count: [200, 200] },
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
