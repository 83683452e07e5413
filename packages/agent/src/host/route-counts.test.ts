import { describe, expect, it } from 'vitest';
import { normalizePath, RouteCounts, routePath } from './route-counts.ts';

describe('normalizePath', () => {
  it.each([
    ['/', '/'],
    ['', '/'],
    ['/users/42', '/users/:id'],
    ['/users/42?token=secret', '/users/:id'],
    ['/users/42/cart#x', '/users/:id/cart'],
    ['/api/v1/users', '/api/v1/users'],
    ['/api-v2/index.html', '/api-v2/index.html'],
    ['/orders/e3b0c442-98fc-1c14-9afb-f4c8996fb924', '/orders/:id'],
    ['/blobs/da39a3ee5e6b4b0d3255bfef95601890afd80709', '/blobs/:id'],
    ['/at/2024-08-10/x', '/at/:id/x'],
    ['/mail/someone@example.org', '/mail/:id'],
    ['/search/caf%C3%A9', '/search/:id'],
    ['/t/eyJhbGciOiJIUzI1NiJ9', '/t/:id'],
    ['/short/dQw4w9WgXcQ', '/short/:id'],
    ['http://host.example:8080/users/7', '/users/:id'],
    ['/a/b/c/d/e/f/g/h/i/j', '/a/b/c/d/e/f/g/h/…'],
    ['/users;jsessionid=1A2B', '/users'],
    [`/${'x'.repeat(5000)}`, '/:id'],
  ])('makes %j the route %j', (url, route) => {
    expect(normalizePath(url)).toBe(route);
  });
});

describe('routePath', () => {
  it('is the pattern without a trailing slash', () => {
    expect(routePath('/users/:id')).toBe('/users/:id');
    expect(routePath('/users/')).toBe('/users');
    expect(routePath('')).toBe('/');
  });

  it('is cut where a pattern is very long', () => {
    expect(routePath(`/${'long'.repeat(100)}`)).toHaveLength(120);
  });
});

describe('RouteCounts', () => {
  it('counts what comes after the bound under other, and loses no request', () => {
    const counts = new RouteCounts(2);
    for (const route of ['/a', '/b', '/c', '/a', '/d']) counts.addRoute('GET', route);
    expect(counts.toRecord()).toEqual({ 'GET /a': 2, 'GET /b': 1, other: 2 });
    expect(counts.total).toBe(5);
  });

  it('keeps a hundred keys at most while a million different URLs come in', () => {
    const counts = new RouteCounts();
    for (let i = 0; i < 1_000_000; i++)
      counts.addRoute('GET', normalizePath(`/p${i.toString(36)}/x${String(i)}/q?i=${String(i)}`));
    expect(counts.size).toBeLessThanOrEqual(100);
    expect(counts.total).toBe(1_000_000);
    const sum = Object.values(counts.toRecord()).reduce((all, count) => all + count, 0);
    expect(sum).toBe(1_000_000);
  });

  it('takes names that mean something to objects as plain keys', () => {
    const counts = new RouteCounts();
    counts.addRoute('GET', '__proto__');
    expect(JSON.stringify(counts.toRecord())).toBe('{"GET __proto__":1}');
  });
});
