import { beforeEach, describe, expect, it } from 'vitest';
import { RouteCounts } from '../host/route-counts.ts';
import { RequestDurations, type RequestSeries } from './request-durations.ts';

let routes: RouteCounts<RequestSeries>;
let durations: RequestDurations;
const record = (status: number | null, route = '/users/:id', method = 'GET'): void => {
  durations.record(routes.addRoute(method, route), status, 0.02);
};

beforeEach(() => {
  routes = new RouteCounts();
  durations = new RequestDurations();
});

describe('RequestDurations', () => {
  it('keeps answered, failed and aborted requests of a route apart', () => {
    for (const status of [200, 200, 503, 404, null]) record(status);
    record(200, '/users/:id', 'PUT');
    expect(
      durations.series().map(({ method, status, errorType, seconds }) => [method, status, errorType, seconds.count]),
    ).toEqual([
      ['GET', 200, null, 2],
      ['GET', 503, '503', 1],
      ['GET', 404, null, 1],
      ['GET', null, 'aborted', 1],
      ['PUT', 200, null, 1],
    ]);
  });

  it('holds a bounded number of series after a million different routes and all statuses, and loses no request', () => {
    for (let i = 0; i < 1_000_000; i++) record(200 + (i % 400), `/x${String(i % 300_000)}`);
    expect(routes.size).toBeLessThanOrEqual(100);
    expect(durations.size).toBeLessThanOrEqual(201);
    expect(durations.series().reduce((all, { seconds }) => all + seconds.count, 0)).toBe(1_000_000);
    expect(routes.total).toBe(1_000_000);
  });

  it('tells a method that nobody knows as _OTHER', () => {
    record(200, '/', 'SECRET-TOKEN');
    expect(durations.series()[0]?.method).toBe('_OTHER');
  });
});
