import express, { type ErrorRequestHandler, type Express } from 'express';
import { cartRoutes } from './cart/cart-routes.ts';
import { categoryNames } from './catalogue/catalogue.ts';
import { CustomerRecords } from './customers/customer-records.ts';
import { customerRoutes } from './customers/customer-routes.ts';
import { dashboardRoutes } from './dashboard/dashboard-routes.ts';
import { SalesBreakdown } from './dashboard/sales-breakdown.ts';
import { DailyStatistics } from './orders/daily-statistics.ts';
import { OrderDesk } from './orders/order-desk.ts';
import { OrderFeed } from './orders/order-feed.ts';
import { OrderLog } from './orders/order-log.ts';
import { orderRoutes } from './orders/order-routes.ts';
import { SalesCube } from './orders/sales-cube.ts';
import { featuresOfRelease, type Features, type Release } from './release.ts';
import { loginRoutes } from './session/login-routes.ts';
import { loadSession } from './session/session-cookie.ts';
import { SessionStore } from './session/session-store.ts';
import { openDataFolder } from './storage/data-folder.ts';
import { ensureSampleData, regions } from './storage/sample-data.ts';

/** What a storefront needs to know. */
export interface StorefrontOptions {
  readonly release: Release;
  /** Other features than the release's own, to see what one of them does alone. */
  readonly features?: Features;
  /** Where to keep data; `null`: in a temporary folder that `stop()` removes. */
  readonly dataFolder: string | null;
  readonly sessionIdleMs: number;
  readonly sessionSweepMs: number;
  readonly now: () => number;
}

/** A storefront that is ready to be served. */
export interface Storefront {
  readonly app: Express;
  readonly sessions: SessionStore;
  readonly feed: OrderFeed;
  /** In the releases that have it. */
  readonly breakdown: SalesBreakdown | null;
  /** Where its data is. */
  readonly dataFolder: string;
  stop(): Promise<void>;
}

/** Puts a storefront together: opens its storage, counts the orders that are there, and wires the routes. */
export async function createStorefront(options: StorefrontOptions): Promise<Storefront> {
  const { release, now } = options;
  const features = options.features ?? featuresOfRelease(release);
  const folder = await openDataFolder(options.dataFolder);
  const log = new OrderLog(folder.ordersFolder);
  await ensureSampleData(folder, log, now());
  const customers = await CustomerRecords.open(folder.customersFile);

  const feed = new OrderFeed();
  const statistics = new DailyStatistics();
  const cube = features.statistics === 'cube' ? new SalesCube(regions, categoryNames) : null;
  const breakdown = cube === null ? null : new SalesBreakdown(cube, now);
  const counters = cube === null ? [statistics] : [statistics, cube];
  const desk = new OrderDesk({ log, feed, counters });
  await desk.start();

  const sessions = new SessionStore({ idleMs: options.sessionIdleMs, now });
  sessions.start(options.sessionSweepMs);
  const startedAtMs = now();

  const app = express();
  app.disable('x-powered-by');
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', release, pid: process.pid, uptimeMs: now() - startedAtMs });
  });
  app.use(loadSession(sessions));
  app.get('/', (_request, response) => {
    response.redirect(302, '/dashboard');
  });
  app.use(loginRoutes({ customers, sessions, sessionIds: features.sessionIds, now }));
  app.use(cartRoutes(sessions, now));
  app.use(customerRoutes(customers));
  app.use(orderRoutes({ log, desk, now }));
  app.use(dashboardRoutes({ statistics, breakdown, log, feed, dashboard: features.dashboard, now }));
  app.use(answerErrors);

  return {
    app,
    sessions,
    feed,
    breakdown,
    dataFolder: folder.path,
    async stop(): Promise<void> {
      sessions.stop();
      await customers.stop();
      await folder.stop();
    },
  };
}

const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = (error as { status?: number }).status ?? 500;
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status >= 500 ? 'Something went wrong.' : String(error) });
};
