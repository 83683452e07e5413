import { describe, expect, it } from 'vitest';
import { isAgentMessage, isWatcherMessage } from './shape.ts';

const sample = {
  type: 'sample',
  pid: 1,
  threadId: 0,
  gcCpuShare: 0,
  eventLoopDelayP99Ms: 0,
  eventLoopUtilization: 0,
  requestsByRoute: { 'GET /': 1 },
  activeRequests: 0,
  droppedMessages: 0,
  sample: {
    timeMs: 1,
    floor: null,
    heapUsedBytes: 1,
    rssBytes: 1,
    externalBytes: 1,
    arrayBuffersBytes: 1,
    requests: null,
    heapLimitBytes: 1,
    rssLimitBytes: null,
  },
};

describe('isAgentMessage', () => {
  it('takes a sample with and without a floor, and with fields that it does not know', () => {
    const floor = { timeMs: 1, heapBytes: 1, externalBytes: 1, arrayBuffersBytes: 1 };
    expect(isAgentMessage(sample)).toBe(true);
    expect(isAgentMessage({ ...sample, sample: { ...sample.sample, floor }, later: 1 })).toBe(true);
  });

  it('takes counts by class that are whole, and refuses others', () => {
    const profiled = (classes: unknown): object => ({ type: 'profiled', id: 1, ok: true, classes });
    expect(isAgentMessage(profiled([{ name: 'Session', count: 3 }]))).toBe(true);
    expect(isAgentMessage(profiled([{ name: 'Session' }]))).toBe(false);
    expect(isAgentMessage(profiled('Session'))).toBe(false);
  });

  it('takes a profile whose every frame is whole, and refuses another', () => {
    const frame = { function: 'login', url: 'file:///app.js', line: 1, column: 1 };
    const profiled = (stack: unknown): object => ({
      type: 'profiled',
      id: 1,
      ok: true,
      profile: { sites: [{ stack, liveBytes: 1 }], otherBytes: 0, intervalBytes: 1 },
    });
    expect(isAgentMessage({ type: 'profiled', id: 1, ok: true })).toBe(true);
    expect(isAgentMessage(profiled([frame]))).toBe(true);
    expect(isAgentMessage(profiled([{ ...frame, line: '1' }]))).toBe(false);
    expect(isAgentMessage(profiled('login'))).toBe(false);
  });

  it.each([
    null,
    1,
    'x',
    [],
    {},
    { type: 'constructor' },
    { type: 7 },
    { type: 'hello' },
    { ...sample, sample: null },
    { ...sample, sample: { ...sample.sample, floor: { timeMs: 1 } } },
    { ...sample, requestsByRoute: { a: 'b' } },
    { ...sample, requestsByRoute: [] },
    { ...sample, gcCpuShare: '0' },
  ])('refuses %j', (value) => {
    expect(isAgentMessage(value)).toBe(false);
  });
});

describe('isWatcherMessage', () => {
  it('takes the six commands and nothing else', () => {
    expect(isWatcherMessage({ type: 'collect', id: 1 })).toBe(true);
    expect(isWatcherMessage({ type: 'snapshot', id: 1, file: '/x' })).toBe(true);
    expect(isWatcherMessage({ type: 'snapshot', id: 1, file: '/x', method: 'auto', timeoutMs: 5 })).toBe(true);
    expect(isWatcherMessage({ type: 'profile', id: 1, action: 'take' })).toBe(true);
    expect(isWatcherMessage({ type: 'forget' })).toBe(false);
    expect(isWatcherMessage({ type: 'interval', ms: 5 })).toBe(true);
    expect(isWatcherMessage({ type: 'received', lines: 5 })).toBe(true);
    expect(isWatcherMessage({ type: 'snapshot', id: 1 })).toBe(false);
    expect(isWatcherMessage({ type: 'snapshot', id: 1, file: '/x', method: 'magic' })).toBe(false);
    expect(isWatcherMessage({ type: 'profile', id: 1, action: 'publish' })).toBe(false);
    expect(isWatcherMessage({ type: 'hello' })).toBe(false);
  });
});
