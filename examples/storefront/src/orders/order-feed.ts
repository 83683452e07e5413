import { EventEmitter } from 'node:events';
import type { Order } from './order.ts';

/** Tells the rest of the process about each order that has been placed: event `order`. */
export class OrderFeed extends EventEmitter<{ order: [Order] }> {
  constructor() {
    super();
    this.setMaxListeners(0); // every open dashboard may follow the orders
  }
}
