import { describe, expect, it } from 'vitest';
import { LearnedRoutes } from './learned-routes.ts';
import { nameError } from './memory-error.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

describe('LearnedRoutes', () => {
  it('says nothing before a request has answered, then the path where nobody tells patterns', () => {
    const routes = new LearnedRoutes();
    expect(routes.guess('/people/42')).toMatch(/^\(a route/);
    routes.learn('/people/41', '', false);
    expect(routes.guess('/people/42?x=1')).toBe('/people/:id');
  });

  it('where patterns are told, knows paths by what they turned out to be, or by a pattern that fits, and never tells a path', () => {
    const routes = new LearnedRoutes();
    routes.learn('/people/alice', '/people/:name', true);
    expect(routes.guess('/people/bob')).toBe('/people/:name');
    expect(routes.guess('/people/bob/secrets')).toMatch(/^\(a route/);
    routes.learn('/files/a/b/c', '/files/*rest', true);
    expect(routes.guess('/files/a/b/c')).toBe('/files/*rest');
  });

  it('stays bounded', () => {
    const routes = new LearnedRoutes();
    for (let i = 0; i < 5000; i++) routes.learn(`/word-${'x'.repeat(i % 30)}/${String(i)}`, `/route${String(i)}`, true);
    expect(routes.guess('/never/seen')).toMatch(/^\(a route/);
  });
});

describe('RequestsInFlight', () => {
  const places = new Map<number, string | null>();
  const recorder = { stand: (place: number, event: { text: string } | null) => places.set(place, event?.text ?? null) };
  const standing = (): string[] => [...places.values()].filter((text) => text !== null);

  it('gives eight requests a place, the newest the last one, and writes no more than its share', () => {
    places.clear();
    const watch = new RequestsInFlight(() => recorder as never);
    watch.end(watch.begin('GET', '/a', 0), '/a', undefined);
    expect(standing()).toEqual([]);
    const handles = Array.from({ length: 10 }, (_, i) =>
      watch.begin('GET', `/r${'abcdefghij'[i] ?? ''}`, 1000 * (i + 1)),
    );
    expect(standing()).toHaveLength(8);
    expect(standing()).toContain('GET /ra');
    expect(standing()).toContain('GET /rj');
    expect(standing()).not.toContain('GET /ri');
    // The one whose place was taken clears nothing of the newer one's.
    watch.end(handles[8] ?? 0, '/ri', undefined);
    expect(standing()).toContain('GET /rj');
    for (const handle of handles) watch.end(handle, '/x', undefined);
    expect(standing()).toEqual([]);
    const burst = Array.from({ length: 100 }, () => watch.begin('GET', '/a', 20_000));
    expect(burst.filter((handle) => handle !== 0)).toHaveLength(10);
  });

  it('writes more of them while memory is short', () => {
    const written = (memoryShort: boolean): number => {
      const watch = new RequestsInFlight(() => recorder as never);
      watch.memoryShort = memoryShort;
      const begun = Array.from({ length: 1000 }, (_, i) => watch.begin('GET', '/a', 1e6 + i * 10));
      return begun.filter((handle) => handle !== 0).length;
    };
    expect(written(false)).toBe(10 + 99);
    expect(written(true)).toBe(10 + 399);
  });
});

describe('nameError', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'ERR_OUT_OF_MEMORY' }), 'ERR_OUT_OF_MEMORY'],
    [new RangeError('Array buffer allocation failed'), 'Array buffer allocation failed'],
    [new Error('a secret of mine'), null],
    ['out of memory', null],
    [null, null],
    [
      {
        get code(): string {
          throw new Error('no');
        },
      },
      null,
    ],
  ])('%# tells what of an error speaks of memory, whatever it is', (error, memory) => {
    expect(nameError(error).memory).toBe(memory);
    expect(JSON.stringify(nameError(error))).not.toContain('secret');
  });
});
