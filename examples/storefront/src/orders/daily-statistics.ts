import { dayOf, hourOf, type Order } from './order.ts';

/** The sales of one day. */
export interface DayTotals {
  readonly day: string;
  orders: number;
  articles: number;
  revenueCents: number;
  /** Orders in each hour of the day, UTC. */
  readonly ordersByHour: number[];
  /** Articles sold of each product. */
  readonly articlesBySku: Record<string, number>;
}

const keptDays = 31;

/**
 * The store's sales day by day, kept up to date as orders come in. Days older than a month are
 * dropped, so the size depends on the catalogue and not on the traffic.
 */
export class DailyStatistics {
  private readonly totalsByDay = new Map<string, DayTotals>();

  /** Counts an order. */
  add(order: Order): void {
    const totals = this.totalsOf(dayOf(order.placedAtMs));
    totals.orders += 1;
    totals.revenueCents += order.totalCents;
    totals.ordersByHour[hourOf(order.placedAtMs)] += 1;
    for (const { sku, quantity } of order.lines) {
      totals.articles += quantity;
      totals.articlesBySku[sku] = (totals.articlesBySku[sku] ?? 0) + quantity;
    }
  }

  /** The totals of the days from `firstDay` on, oldest first. */
  since(firstDay: string): DayTotals[] {
    return [...this.totalsByDay.values()]
      .filter((totals) => totals.day >= firstDay)
      .sort((a, b) => a.day.localeCompare(b.day));
  }

  private totalsOf(day: string): DayTotals {
    const known = this.totalsByDay.get(day);
    if (known !== undefined) return known;
    const totals: DayTotals = {
      day,
      orders: 0,
      articles: 0,
      revenueCents: 0,
      ordersByHour: new Array<number>(24).fill(0),
      articlesBySku: {},
    };
    this.totalsByDay.set(day, totals);
    this.dropOldDays();
    return totals;
  }

  private dropOldDays(): void {
    const days = [...this.totalsByDay.keys()].sort();
    for (const day of days.slice(0, Math.max(0, days.length - keptDays))) {
      this.totalsByDay.delete(day);
    }
  }
}
