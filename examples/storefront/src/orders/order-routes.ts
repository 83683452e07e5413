import { randomUUID } from 'node:crypto';
import { Router, text } from 'express';
import { accountOf, requireLogin, sessionOf } from '../session/session-cookie.ts';
import { ownRecordsOnly } from '../customers/customer-routes.ts';
import type { OrderDesk } from './order-desk.ts';
import { parseOrders } from './order-import.ts';
import type { OrderLog } from './order-log.ts';
import { totalOf, type Order } from './order.ts';

/** What the order routes need. */
export interface OrderRouteOptions {
  readonly log: OrderLog;
  readonly desk: OrderDesk;
  readonly now: () => number;
}

const shownOrders = 20;

/** `GET /users/:id/orders`, `POST /users/:id/orders`, `POST /orders/import`. */
export function orderRoutes(options: OrderRouteOptions): Router {
  const router = Router();

  router.get('/users/:id/orders', requireLogin, ownRecordsOnly, async (request, response) => {
    response.json({ orders: await options.log.latestOf(String(request.params['id']), shownOrders) });
  });

  router.post('/users/:id/orders', requireLogin, ownRecordsOnly, async (_request, response) => {
    const session = sessionOf(response);
    const account = accountOf(response);
    if (session === undefined || account === null || session.cart.length === 0) {
      response.status(409).json({ error: 'The cart is empty.' });
      return;
    }
    const lines = session.cart.map(({ sku, quantity, priceCents }) => ({ sku, quantity, priceCents }));
    session.cart = [];
    const order: Order = {
      id: randomUUID(),
      customerId: account.customerId,
      region: account.region,
      placedAtMs: options.now(),
      lines,
      totalCents: totalOf(lines),
    };
    await options.desk.place(order);
    response.status(201).json({ order });
  });

  router.post('/orders/import', requireLogin, text({ type: 'text/csv', limit: '1mb' }), async (request, response) => {
    if (accountOf(response)?.role !== 'staff') {
      response.status(403).json({ error: 'Only staff may import orders.' });
      return;
    }
    const { orders, rejected } = parseOrders(String(request.body ?? ''));
    for (const order of orders) await options.desk.place(order);
    response.json({ imported: orders.length, rejected });
  });

  return router;
}
