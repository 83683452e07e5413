import type { OrderFeed } from './order-feed.ts';
import type { OrderLog } from './order-log.ts';
import type { Order } from './order.ts';

/** Something that counts orders. */
interface OrderCounter {
  add(order: Order): void;
}

/** What taking orders needs. */
export interface OrderDeskOptions {
  readonly log: OrderLog;
  readonly feed: OrderFeed;
  readonly counters: readonly OrderCounter[];
}

/** Takes orders: they are on disk and counted before anyone hears of them. */
export class OrderDesk {
  private readonly options: OrderDeskOptions;

  constructor(options: OrderDeskOptions) {
    this.options = options;
  }

  /** Counts what was ordered before this process started. */
  async start(): Promise<void> {
    for await (const order of this.options.log.readAll()) this.count(order);
  }

  /** Takes one order. */
  async place(order: Order): Promise<void> {
    await this.options.log.append(order.customerId, order);
    this.count(order);
    this.options.feed.emit('order', order);
  }

  private count(order: Order): void {
    for (const counter of this.options.counters) counter.add(order);
  }
}
