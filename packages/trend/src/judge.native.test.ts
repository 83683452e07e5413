import { describe, expect, it } from 'vitest';
import { flat, play, shareOf, watch } from './fixtures/watched.ts';
import type { MemorySample } from './sample.ts';
import { MB, nativeLeaks, simulate } from './simulate/index.ts';
import type { Program } from './simulate/index.ts';

describe('a program whose memory outside the heap grows', () => {
  it('is called native', () => {
    expect(shareOf(Object.values(nativeLeaks), 6, 1, (watched) => watched.last.verdict === 'native')).toBeGreaterThan(
      0.9,
    );
  });

  it.each<[string, (grownBytes: number) => Partial<MemorySample>]>([
    ['arenas', (grown) => ({ native: { mallocBytes: 60 * MB + grown, mallocInUseBytes: 50 * MB } })],
    ['addon', (grown) => ({ native: { mallocBytes: 60 * MB + grown, mallocInUseBytes: 50 * MB + grown } })],
    ['malloc', (grown) => ({ native: { mallocBytes: 60 * MB + grown } })],
    ['mappings', (grown) => ({ native: { mallocBytes: 60 * MB, mappedBytes: 40 * MB + grown } })],
    ['fragmentation', (grown) => ({ heapTotalBytes: 60 * MB + grown })],
    ['unknown', () => ({})],
  ])('says that it is %s, as far as the samples tell', (kind, told) => {
    const perS = 1 * MB;
    const program: Program = { ...flat, nativeBytes: (ageS) => perS * ageS };
    const samples = [...simulate(program, { seed: 3, durationS: 150, rssLimitBytes: 1024 * MB })];
    const { last } = watch(samples.map((sample) => ({ ...sample, ...told(perS * sample.ageS) })));
    expect(last).toMatchObject({ verdict: 'native', nativeKind: kind });
    expect(last.evidence[0]).toMatch(/^the memory outside heap and buffers/);
    expect(last.evidence.join()).not.toMatch(/NaN|undefined/);
  });

  it('is not called native because its heap grows, shrinks, and grows again', () => {
    const program: Program = { liveBytes: (ageS) => (60 + 40 * Math.sin(ageS / 30)) * MB };
    expect(play(program, { durationS: 400 }).verdicts).not.toContain('native');
  });
});
