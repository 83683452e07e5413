import { expect, test } from 'vitest';
import { DailyStatistics } from './daily-statistics.ts';
import { parseOrders } from './order-import.ts';
import { totalOf, type Order } from './order.ts';
import { RecentAnswers } from './recent-answers.ts';
import { SalesCube } from './sales-cube.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1, 9, 30);

function order(placedAtMs: number): Order {
  const lines = [
    { sku: 'BOO-001', quantity: 2, priceCents: 2800 },
    { sku: 'KIT-001', quantity: 1, priceCents: 5490 },
  ];
  return { id: 'o', customerId: 'c1001', region: 'north', placedAtMs, lines, totalCents: totalOf(lines) };
}

test('a day’s orders are counted by hour and by product', () => {
  const statistics = new DailyStatistics();
  statistics.add(order(startMs));
  statistics.add(order(startMs + 3_600_000));
  const [day] = statistics.since('2026-01-01');
  expect(day).toMatchObject({ day: '2026-01-01', orders: 2, articles: 6, revenueCents: 2 * 11_090 });
  expect(day?.ordersByHour.slice(8, 12)).toEqual([0, 1, 1, 0]);
  expect(day?.articlesBySku).toEqual({ 'BOO-001': 4, 'KIT-001': 2 });
});

test('statistics and cube keep 31 days, however long the process runs', () => {
  const statistics = new DailyStatistics();
  const cube = new SalesCube(['north'], ['books', 'kitchen']);
  for (let day = 0; day < 100; day++) {
    statistics.add(order(startMs + day * dayMs));
    cube.add(order(startMs + day * dayMs));
  }
  expect(statistics.since('').map(({ day }) => day)).toHaveLength(31);
  expect(statistics.since('')[0]?.day).toBe('2026-03-11');
  expect(cube.days).toBe(31);
});

test('the cube adds up what was asked for', () => {
  const cube = new SalesCube(['north', 'south'], ['books', 'kitchen']);
  cube.add(order(startMs));
  cube.add(order(startMs + dayMs));
  expect(cube.revenueByCategory('2026-01-01', 'books')).toEqual({
    books: { orders: 2, articles: 4, revenueCents: 11_200 },
  });
  expect(cube.revenueByCategory('2026-01-02', null)['kitchen']).toEqual({
    orders: 1,
    articles: 1,
    revenueCents: 5490,
  });
});

test('recent answers are given again while they are fresh, and never more are kept than allowed', () => {
  let nowMs = 0;
  let computed = 0;
  const answers = new RecentAnswers<number>({ most: 2, freshMs: 1000, now: () => nowMs });
  const ask = (question: string): number => answers.get(question, () => ++computed);
  expect([ask('a'), ask('a'), ask('b')]).toEqual([1, 1, 2]);
  nowMs = 1001;
  expect(ask('a')).toBe(3);
  expect([ask('c'), answers.size]).toEqual([4, 2]);
  expect([ask('a'), ask('b')]).toEqual([3, 5]);
});

test('an import reports a file with other columns, and lines that can’t be used', () => {
  expect(parseOrders('id;customer\n1;2').rejected).toHaveLength(1);
  const csv = [
    'order_id,customer_id,region,placed_at,sku,quantity',
    '1,c1,north,yesterday,BOO-001,1',
    '2,../x,north,2026-01-01,BOO-001,1',
    '3,c1,north,2026-01-01,BOO-001,0',
    '4,c1',
  ];
  const { orders, rejected } = parseOrders(csv.join('\n'));
  expect(orders).toEqual([]);
  expect(rejected.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
    '2: "yesterday" is no moment',
    '3: "../x" is no customer',
    '4: "0" is no quantity',
    '5: a field is missing',
  ]);
});
