import { describe, expect, it } from 'vitest';
import { CaptureError, type CaptureErrorCode } from './error.ts';
import type { SnapshotAttempt } from './fork/attempt.ts';
import { climb, type Rung, type RungName } from './evidence-ladder.ts';

const fails =
  (code: CaptureErrorCode, pauseMs = 0) =>
  (): never => {
    const error = new CaptureError(code, `${code} happened.`);
    const attempt: SnapshotAttempt = {
      method: 'fork',
      outcome: 'died',
      pauseMs,
      forkMs: 0,
      mappingsMs: 0,
      threadsMs: 0,
      waitedMs: 0,
      threadsAwake: 0,
      tookMs: 0,
      peakBytes: 0,
      leastFreeBytes: null,
      detail: null,
    };
    error.attempts = [attempt, attempt];
    throw error;
  };

/** The usual ladder; every rung brings its name, but for those that are told otherwise. */
function ladder(others: Partial<Record<RungName, Rung<RungName>['take']>> = {}): Rung<RungName>[] {
  const take = (name: RungName): Rung<RungName>['take'] => others[name] ?? (() => Promise.resolve(name));
  return [
    { name: 'allocations', apart: true, take: take('allocations') },
    { name: 'fork', take: take('fork') },
    { name: 'inline', blocksMs: 13_000, take: take('inline') },
    { name: 'class-counts', blocksMs: 4900, take: take('class-counts') },
  ];
}

const all = new Set<RungName>(['inline', 'class-counts']);
const nothing = new Set<RungName>();

describe('climb', () => {
  it('takes the profile and the forked snapshot, and then nothing that stops the program, whatever the consent', async () => {
    for (const consent of [nothing, all]) {
      expect(await climb(ladder(), consent)).toEqual({ taken: ['allocations', 'fork'], refused: [] });
    }
  });

  it('without consent falls back to the profile alone, and says what the rest would cost', async () => {
    expect(await climb(ladder({ fork: fails('EBB_CAPTURE_NO_MEMORY') }), nothing)).toEqual({
      taken: ['allocations'],
      refused: [
        { rung: 'fork', code: 'EBB_CAPTURE_NO_MEMORY', reason: 'EBB_CAPTURE_NO_MEMORY happened.', pauseMs: 0 },
        {
          rung: 'inline',
          code: 'no-consent',
          reason: 'It would stop the program for about 13 s, and nobody has consented.',
          pauseMs: 0,
        },
        {
          rung: 'class-counts',
          code: 'no-consent',
          reason: 'It would stop the program for about 4.9 s, and nobody has consented.',
          pauseMs: 0,
        },
      ],
    });
  });

  it('takes what was consented to, the more telling first, and the next where that fails; failed pauses count', async () => {
    const noFork = { fork: fails('EBB_CAPTURE_CHILD_FAILED', 9) };
    expect(await climb(ladder(noFork), all)).toMatchObject({
      taken: ['allocations', 'inline'],
      refused: [{ rung: 'fork', pauseMs: 18 }],
    });
    const noRoom = { ...noFork, inline: fails('EBB_CAPTURE_NO_MEMORY') };
    expect(await climb(ladder(noRoom), all)).toMatchObject({
      taken: ['allocations', 'class-counts'],
      refused: [{ rung: 'fork' }, { rung: 'inline', code: 'EBB_CAPTURE_NO_MEMORY' }],
    });
    expect(await climb(ladder(noRoom), new Set<RungName>(['inline']))).toMatchObject({
      taken: ['allocations'],
      refused: [{ rung: 'fork' }, { rung: 'inline' }, { rung: 'class-counts', code: 'no-consent' }],
    });
  });

  it('goes on without a profile where none was started, or where the profiler is somebody else’s', async () => {
    expect(await climb(ladder({ allocations: { not: 'Not sampled.' } }), nothing)).toEqual({
      taken: ['fork'],
      refused: [{ rung: 'allocations', code: 'not-started', reason: 'Not sampled.', pauseMs: 0 }],
    });
    expect(await climb(ladder({ allocations: fails('EBB_CAPTURE_PROFILER') }), nothing)).toMatchObject({
      taken: ['fork'],
      refused: [{ rung: 'allocations', code: 'EBB_CAPTURE_PROFILER' }],
    });
  });

  it('stops nothing when the capture was called off, or another one is under way', async () => {
    for (const code of ['EBB_CAPTURE_ABORTED', 'EBB_CAPTURE_BUSY'] as const) {
      const { taken, refused } = await climb(ladder({ fork: fails(code) }), all);
      expect(taken).toEqual(['allocations']);
      expect(refused).toMatchObject([{ rung: 'fork', code }]);
    }
  });

  it('lets a mistake through', async () => {
    const mistake = (): never => {
      throw new TypeError('no such function');
    };
    await expect(climb(ladder({ fork: mistake }), all)).rejects.toThrow('no such function');
  });
});
