import { beforeEach, describe, expect, it } from 'vitest';
import type { HostClock } from './clock.ts';
import { Log } from './log.ts';

const clock = { now: () => Date.UTC(2026, 0, 2) } as HostClock;
let written: string[];
let log: Log;

beforeEach(() => {
  written = [];
  log = new Log(clock, (line) => written.push(line));
});

describe('Log', () => {
  it('writes one line of JSON with the code, the sentence and what belongs to it', () => {
    log.tell('error', 'EBB_AGENT_LEAK', 'This process leaks.', { bytesPerSecond: 7 });
    expect(written).toHaveLength(1);
    expect(written[0]?.endsWith('\n')).toBe(true);
    expect(JSON.parse(written[0] ?? '')).toEqual({
      time: '2026-01-02T00:00:00.000Z',
      level: 'error',
      source: 'ebb',
      code: 'EBB_AGENT_LEAK',
      message: 'This process leaks.',
      pid: process.pid,
      threadId: 0,
      bytesPerSecond: 7,
    });
  });

  it('tells each sentence once, and fifty at most', () => {
    for (let i = 0; i < 1000; i++) log.tell('warn', 'EBB_AGENT_EXPORT', `sentence ${String(i % 100)}`);
    expect(written).toHaveLength(50);
  });

  it('bears a standard error that cannot be written to, and a clock that is none', () => {
    const broken = new Log(clock, () => {
      throw new Error('ENOSPC');
    });
    broken.tell('warn', 'EBB_AGENT_EXPORT', 'lost');
    const mad = new Log({ now: () => Number.NaN }, (line) => written.push(line));
    mad.tell('warn', 'EBB_AGENT_EXPORT', 'told all the same');
    expect(written).toHaveLength(1);
  });
});
