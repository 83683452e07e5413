import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { endReasons, type ChildEnd } from './addon.ts';
import { judgeEnd, nameOfErrno } from './judge-end.ts';

const ended: ChildEnd = {
  end: endReasons.indexOf('exited'),
  status: 0,
  peakBytes: 0,
  leastFreeBytes: -1,
  tookMs: 1,
  phase: 2,
  error: 0,
  patched: 16,
  stolen: 0,
};
const silent = (): string => '';
const by = (reason: (typeof endReasons)[number]): number => endReasons.indexOf(reason);

describe('judgeEnd', () => {
  it('believes in a whole snapshot only when the child says so and has ended by itself', () => {
    expect(judgeEnd(ended, silent)).toEqual({ outcome: 'whole', detail: null });
    expect(judgeEnd({ ...ended, phase: 1 }, silent)).toEqual({ outcome: 'died', detail: 'exit code 0' });
    expect(judgeEnd({ ...ended, phase: 1, status: 5 << 8 }, silent).detail).toBe('exit code 5');
    expect(judgeEnd({ ...ended, status: constants.signals.SIGSEGV }, silent)).toEqual({
      outcome: 'died',
      detail: 'SIGSEGV',
    });
  });

  it('names the error of a write', () => {
    const failed = { ...ended, status: 3 << 8, error: constants.errno.ENOSPC };
    expect(judgeEnd(failed, silent)).toEqual({ outcome: 'write', detail: 'ENOSPC' });
    expect(judgeEnd({ ...failed, error: -1 }, silent).detail).toBe('V8 gave no reason');
    expect(nameOfErrno(98_765)).toBe('error 98765');
  });

  it('tells an own heap limit from any other death, by what V8 said', () => {
    const aborted = { ...ended, phase: 1, status: constants.signals.SIGABRT };
    const said = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
    expect(judgeEnd(aborted, () => said)).toEqual({ outcome: 'heap-limit', detail: null });
    expect(judgeEnd(aborted, silent)).toEqual({ outcome: 'died', detail: 'SIGABRT' });
  });

  it('passes on why the watching thread ended it, and takes a child that waits for a thread for hung', () => {
    for (const reason of ['timeout', 'memory', 'budget', 'cancelled', 'disk'] as const) {
      expect(judgeEnd({ ...ended, end: by(reason), status: 9 }, silent)).toEqual({ outcome: reason, detail: null });
    }
    expect(judgeEnd({ ...ended, end: by('stalled'), status: 9, phase: 1 }, silent).outcome).toBe('hung');
    expect(judgeEnd({ ...ended, phase: 3, status: 4 << 8 }, silent).outcome).toBe('hung');
  });

  it('believes a child whose exit code somebody else has taken, if it said that it was done', () => {
    const lost = { ...ended, end: by('lost') };
    expect(judgeEnd(lost, silent).outcome).toBe('whole');
    expect(judgeEnd({ ...lost, phase: 1 }, silent).outcome).toBe('lost');
  });
});
