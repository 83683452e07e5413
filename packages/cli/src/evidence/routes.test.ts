import { expect, test } from 'vitest';
import { attributeToRoutes, type WorkStep } from './routes.ts';

const step = (entries: number | null, requestsByRoute: Record<string, number>): WorkStep => ({
  entries,
  requests: Object.values(requestsByRoute).reduce((sum, count) => sum + count, 0),
  requestsByRoute,
});

test('the route whose requests match the entries in every step is named', () => {
  const steps = [step(100, { 'POST /login': 100, 'GET /': 310 }), step(210, { 'POST /login': 211, 'GET /': 150 })];
  expect(attributeToRoutes(310, steps)).toEqual({ routes: ['POST /login'], entriesPerRequest: 1, anyRoute: false });
});

test('a few requests in flight do not spoil the match', () => {
  const steps = [step(48, { 'POST /login': 50 }), step(52, { 'POST /login': 50 })];
  expect(attributeToRoutes(100, steps)?.routes).toEqual(['POST /login']);
});

test('two entries a request, and one entry in three requests, are told as such', () => {
  expect(attributeToRoutes(400, [step(200, { 'GET /feed': 100 }), step(200, { 'GET /feed': 101 })])).toMatchObject({
    routes: ['GET /feed'],
    entriesPerRequest: 2,
  });
  expect(
    attributeToRoutes(200, [step(100, { 'GET /feed': 300 }), step(100, { 'GET /feed': 301 })])?.entriesPerRequest,
  ).toBeCloseTo(1 / 3);
});

test('routes that move alike are named together', () => {
  const steps = [step(100, { 'GET /a': 100, 'GET /b': 99 }), step(80, { 'GET /a': 80, 'GET /b': 81 })];
  expect(attributeToRoutes(180, steps)?.routes).toEqual(['GET /a', 'GET /b']);
});

test('a route that matches the whole but not every step is not named', () => {
  const steps = [step(150, { 'GET /a': 50 }), step(50, { 'GET /a': 150 })];
  expect(attributeToRoutes(200, steps)).toBeNull();
});

test('growth with every request, whatever its route, is told per request', () => {
  const steps = [step(300, { 'GET /a': 220, 'GET /b': 80 }), step(300, { 'GET /a': 90, 'GET /b': 210 })];
  expect(attributeToRoutes(600, steps)).toEqual({ routes: [], entriesPerRequest: 1, anyRoute: true });
});

test('growth that no request explains is not explained', () => {
  expect(attributeToRoutes(5000, [step(2500, { 'GET /a': 777 }), step(2500, { 'GET /a': 778 })])).toBeNull();
});

test('a handful of entries is too little to tell routes by', () => {
  expect(attributeToRoutes(6, [step(3, { 'GET /a': 3 }), step(3, { 'GET /a': 3 })])).toBeNull();
});

test('with only the total known, odd ratios are not believed', () => {
  const steps = [step(null, { 'GET /a': 100 }), step(null, { 'GET /a': 100 })];
  expect(attributeToRoutes(200, steps)?.entriesPerRequest).toBe(1);
  expect(attributeToRoutes(1000, steps)).toBeNull();
});

test('the collective rest of the routes is never named', () => {
  expect(
    attributeToRoutes(200, [step(100, { other: 100, 'GET /a': 70 }), step(100, { other: 100, 'GET /a': 10 })]),
  ).toBeNull();
});
