import { findProduct } from '../catalogue/catalogue.ts';
import type { DayTotals } from '../orders/daily-statistics.ts';
import { dayOf, hourOf, type Order } from '../orders/order.ts';

/** What the dashboard shows of one day. */
interface DayFigures {
  readonly day: string;
  readonly orders: number;
  readonly revenueCents: number;
  /** Orders in each hour of the day, UTC. */
  readonly ordersByHour: readonly number[];
}

/** What the dashboard shows of the store's sales. */
export interface Figures {
  readonly orders: number;
  readonly articles: number;
  readonly revenueCents: number;
  /** Oldest first. */
  readonly days: readonly DayFigures[];
  /** Best-selling first. */
  readonly topProducts: readonly { sku: string; title: string; articles: number }[];
}

/** Which part of the sales a dashboard shows. */
export interface FiguresQuery {
  /** 1 to 31; today is one of them. */
  readonly days: number;
  /** Products of this category only; `null`: of all. */
  readonly category: string | null;
}

const dayMs = 86_400_000;
const shownProducts = 8;

/** The first of the days that a query asks for, as `2024-08-10`. */
export function firstDayOf(query: FiguresQuery, nowMs: number): string {
  return dayOf(nowMs - (query.days - 1) * dayMs);
}

/** Sums up days for the dashboard; nothing in the result changes when the totals do. */
export function figuresOf(totals: readonly DayTotals[], query: FiguresQuery): Figures {
  const articlesBySku = new Map<string, number>();
  for (const day of totals) {
    for (const [sku, articles] of Object.entries(day.articlesBySku)) {
      articlesBySku.set(sku, (articlesBySku.get(sku) ?? 0) + articles);
    }
  }
  return {
    orders: totals.reduce((sum, day) => sum + day.orders, 0),
    articles: totals.reduce((sum, day) => sum + day.articles, 0),
    revenueCents: totals.reduce((sum, day) => sum + day.revenueCents, 0),
    days: totals.map(({ day, orders, revenueCents, ordersByHour }) => ({
      day,
      orders,
      revenueCents,
      ordersByHour: [...ordersByHour],
    })),
    topProducts: [...articlesBySku]
      .map(([sku, articles]) => ({ product: findProduct(sku), articles }))
      .filter(({ product }) => query.category === null || product?.category === query.category)
      .map(({ product, articles }) => ({
        sku: product?.sku ?? '',
        title: product?.title ?? 'no longer sold',
        articles,
      }))
      .sort((a, b) => b.articles - a.articles)
      .slice(0, shownProducts),
  };
}

/** The figures after one more order; those that were there stay as they are. */
export function withOrder(figures: Figures, order: Order): Figures {
  const { placedAtMs, totalCents, lines } = order;
  const orderDay = dayOf(placedAtMs);
  return {
    orders: figures.orders + 1,
    articles: figures.articles + lines.reduce((sum, line) => sum + line.quantity, 0),
    revenueCents: figures.revenueCents + totalCents,
    days: figures.days.map((day) => (day.day === orderDay ? dayWithOrder(day, order) : day)),
    topProducts: figures.topProducts
      .map((product) => ({ ...product, articles: product.articles + soldIn(order, product.sku) }))
      .sort((a, b) => b.articles - a.articles),
  };
}

function dayWithOrder(day: DayFigures, order: Order): DayFigures {
  const orderHour = hourOf(order.placedAtMs);
  return {
    ...day,
    orders: day.orders + 1,
    revenueCents: day.revenueCents + order.totalCents,
    ordersByHour: day.ordersByHour.map((orders, hour) => (hour === orderHour ? orders + 1 : orders)),
  };
}

function soldIn(order: Order, sku: string): number {
  return order.lines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
}
