import { describe, expect, it } from 'vitest';
import { condenseProfile, usualLimits, type SampledNode } from './allocation-profile.ts';
import { grownSites } from './grown-sites.ts';

const node = (functionName: string, selfSize: number, children: SampledNode[] = []): SampledNode => ({
  callFrame: { functionName, url: 'file:///app/shop.js', lineNumber: functionName.length, columnNumber: 4 },
  selfSize,
  children,
});
const root = (...children: SampledNode[]): SampledNode => ({
  callFrame: { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 },
  selfSize: 0,
  children,
});
const KB = 1024;
const profileOf = (...children: SampledNode[]): ReturnType<typeof condenseProfile> =>
  condenseProfile(root(...children), 128 * KB);

describe('condenseProfile', () => {
  it('tells each call site with its stack from the inside out, lines from 1, without the root', () => {
    const { sites } = profileOf(node('handle', 10, [node('Session', 300)]));
    expect(sites).toEqual([
      {
        stack: [
          { function: 'Session', url: 'file:///app/shop.js', line: 8, column: 5 },
          { function: 'handle', url: 'file:///app/shop.js', line: 7, column: 5 },
        ],
        liveBytes: 300,
      },
      { stack: [{ function: 'handle', url: 'file:///app/shop.js', line: 7, column: 5 }], liveBytes: 10 },
    ]);
  });

  it('keeps the callers apart that differ within what is kept of a stack, and joins those that differ further out', () => {
    const deep = (outer: string): SampledNode =>
      node(outer, 0, [node('b', 0, [node('c', 0, [node('d', 0, [node('e', 0, [node('f', 0, [node('g', 7)])])])])])]);
    const { sites } = profileOf(deep('one'), deep('two'), node('x', 0, [node('g', 5)]));
    expect(sites.map(({ liveBytes, stack }) => [liveBytes, stack.length])).toEqual([
      [14, usualLimits.frames],
      [5, 2],
    ]);
  });

  it('is bounded, whatever the program is: the largest sites stay, and the sum of the rest', () => {
    const children = Array.from({ length: 5000 }, (_, k) => node(`f${k}${'x'.repeat(900)}`, k));
    const profile = condenseProfile(root(...children), 1);
    expect(profile.sites).toHaveLength(usualLimits.sites);
    expect(profile.sites[0]?.liveBytes).toBe(4999);
    const told = profile.sites.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    expect(told + profile.otherBytes).toBe((4999 * 5000) / 2);
    expect(JSON.stringify(profile).length).toBeLessThan(90_000);
  });

  it('walks stacks that are deeper than its own may be', () => {
    let deepest = node('leaf', 1);
    for (let k = 0; k < 50_000; k++) deepest = node('f', 0, [deepest]);
    expect(profileOf(deepest).sites).toHaveLength(1);
  });

  it('leaves out addresses of scripts that hold the script itself', () => {
    const child = node('f', 1);
    child.callFrame.url = `data:text/javascript,${'x'.repeat(1000)}`;
    expect(profileOf(child).sites[0]?.stack[0]?.url).toBe('');
  });
});

describe('grownSites', () => {
  it('tells what grew, by how much, and on how many samples that rests', () => {
    const first = profileOf(node('login', 300 * KB), node('steady', 9000 * KB));
    const last = profileOf(node('login', 2860 * KB), node('steady', 9000 * KB));
    expect(grownSites(first, last)).toMatchObject([
      { stack: [{ function: 'login' }], grownBytes: 2560 * KB, samples: 20 },
    ]);
  });

  it('leaves out what shrank, and growth of too few samples to be more than chance', () => {
    const first = profileOf(node('shrinking', 9000 * KB), node('noisy', 0));
    const last = profileOf(node('shrinking', 3000 * KB), node('noisy', 400 * KB));
    expect(grownSites(first, last)).toEqual([]);
  });

  it('does not take a site for grown that was merely not told before', () => {
    const many = Array.from({ length: usualLimits.sites }, (_, k) => node(`f${k}`.repeat(k + 1), 2000 * KB));
    const first = profileOf(...many, node('untold', 1999 * KB));
    const last = profileOf(node('untold', 2100 * KB));
    expect(grownSites(first, last)).toEqual([]);
  });
});
