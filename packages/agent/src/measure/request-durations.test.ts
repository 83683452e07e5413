import { describe, expect, it } from 'vitest';
import { RequestDurations } from './request-durations.ts';

const request = { method: 'GET', route: '/users/:id', status: 200, aborted: false, seconds: 0.02 };

describe('RequestDurations', () => {
  it('keeps answered, failed and aborted requests of a route apart', () => {
    const durations = new RequestDurations();
    durations.record(request);
    durations.record(request);
    durations.record({ ...request, status: 503 });
    durations.record({ ...request, status: 404 });
    durations.record({ ...request, aborted: true });
    expect(durations.series().map(({ status, errorType, seconds }) => [status, errorType, seconds.count])).toEqual([
      [200, null, 2],
      [503, '503', 1],
      [404, null, 1],
      [null, 'aborted', 1],
    ]);
  });

  it('holds a bounded number of series after a million different routes, and loses no request', () => {
    const durations = new RequestDurations();
    for (let i = 0; i < 1_000_000; i++) {
      durations.record({ ...request, route: `/x${String(i)}`, status: 200 + (i % 400) });
    }
    expect(durations.size).toBeLessThanOrEqual(201);
    expect(durations.series().reduce((all, { seconds }) => all + seconds.count, 0)).toBe(1_000_000);
  });

  it('tells a method that nobody knows as _OTHER', () => {
    const durations = new RequestDurations();
    durations.record({ ...request, method: 'SECRET-TOKEN' });
    expect(durations.series()[0]?.method).toBe('_OTHER');
  });
});
