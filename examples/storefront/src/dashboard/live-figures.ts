import type { OrderFeed } from '../orders/order-feed.ts';
import type { Order } from '../orders/order.ts';
import { withOrder, type Figures } from './figures.ts';

/** Figures that follow the orders from the moment they were read until they are closed. */
export class LiveFigures {
  private figures: Figures;
  private readonly feed: OrderFeed;
  private onChange: ((figures: Figures) => void) | null = null;

  constructor(feed: OrderFeed, figures: Figures) {
    this.feed = feed;
    this.figures = figures;
    feed.on('order', this.follow);
  }

  /** The figures with every order until now. */
  current(): Figures {
    return this.figures;
  }

  /** Calls back with each change until the figures are closed. */
  watch(onChange: (figures: Figures) => void): void {
    this.onChange = onChange;
  }

  /** Stops following the orders. */
  close(): void {
    this.onChange = null;
    this.feed.off('order', this.follow);
  }

  private readonly follow = (order: Order): void => {
    this.figures = withOrder(this.figures, order);
    this.onChange?.(this.figures);
  };
}
