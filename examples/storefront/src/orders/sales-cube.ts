import { findProduct } from '../catalogue/catalogue.ts';
import { dayOf, hourOf, type Order } from './order.ts';

/** What was sold in one hour, region and category. */
export interface CubeCell {
  orders: number;
  articles: number;
  revenueCents: number;
}

type Hours = Map<string, CubeCell>[];

const keptDays = 31;

/**
 * The sales by day, hour, region and category, so that any breakdown is a sum over cells and not a
 * pass over the orders. Days older than a month are dropped.
 */
export class SalesCube {
  private readonly hoursByDay = new Map<string, Hours>();
  private readonly regions: readonly string[];
  private readonly categories: readonly string[];

  constructor(regions: readonly string[], categories: readonly string[]) {
    this.regions = regions;
    this.categories = categories;
  }

  /** How many days are held. */
  get days(): number {
    return this.hoursByDay.size;
  }

  /** Counts an order. */
  add(order: Order): void {
    const hour = this.hoursOf(dayOf(order.placedAtMs))[hourOf(order.placedAtMs)];
    const categories = new Set<string>();
    for (const line of order.lines) {
      const category = findProduct(line.sku)?.category;
      const cell = hour.get(`${order.region}/${String(category)}`);
      if (category === undefined || cell === undefined) continue;
      if (!categories.has(category)) cell.orders += 1;
      categories.add(category);
      cell.articles += line.quantity;
      cell.revenueCents += line.quantity * line.priceCents;
    }
  }

  /** The sums of the days from `firstDay` on for each category, or for the one that is asked for. */
  revenueByCategory(firstDay: string, category: string | null): Record<string, CubeCell> {
    const sums: Record<string, CubeCell> = {};
    for (const [day, hours] of this.hoursByDay) {
      if (day < firstDay) continue;
      for (const [key, cell] of hours.flatMap((cells) => [...cells])) {
        const name = key.slice(key.indexOf('/') + 1);
        if (category !== null && name !== category) continue;
        const sum = (sums[name] ??= { orders: 0, articles: 0, revenueCents: 0 });
        sum.orders += cell.orders;
        sum.articles += cell.articles;
        sum.revenueCents += cell.revenueCents;
      }
    }
    return sums;
  }

  private hoursOf(day: string): Hours {
    const known = this.hoursByDay.get(day);
    if (known !== undefined) return known;
    const hours = Array.from({ length: 24 }, () => this.emptyHour());
    this.hoursByDay.set(day, hours);
    const oldest = [...this.hoursByDay.keys()].sort().slice(0, -keptDays);
    for (const old of oldest) this.hoursByDay.delete(old);
    return hours;
  }

  private emptyHour(): Map<string, CubeCell> {
    return new Map(
      this.regions.flatMap((region) =>
        this.categories.map((category): [string, CubeCell] => [
          `${region}/${category}`,
          { orders: 0, articles: 0, revenueCents: 0 },
        ]),
      ),
    );
  }
}
