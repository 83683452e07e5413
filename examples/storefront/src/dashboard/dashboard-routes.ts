import { Router, type Request, type Response } from 'express';
import { categoryNames } from '../catalogue/catalogue.ts';
import type { DailyStatistics } from '../orders/daily-statistics.ts';
import type { OrderFeed } from '../orders/order-feed.ts';
import type { OrderLog } from '../orders/order-log.ts';
import type { Features } from '../release.ts';
import { requireLogin, sessionOf } from '../session/session-cookie.ts';
import { renderDashboard } from './dashboard-page.ts';
import { firstDayOf, figuresOf, type Figures, type FiguresQuery } from './figures.ts';
import { streamFigures } from './figures-stream.ts';
import { LiveFigures } from './live-figures.ts';
import type { SalesBreakdown } from './sales-breakdown.ts';

/** What the dashboard needs. */
export interface DashboardOptions {
  readonly statistics: DailyStatistics;
  /** By category, in the releases that have it. */
  readonly breakdown: SalesBreakdown | null;
  readonly log: OrderLog;
  readonly feed: OrderFeed;
  readonly dashboard: Features['dashboard'];
  readonly now: () => number;
}

const shownOrders = 5;

/** `GET /dashboard`: the page and, in live releases, the stream of its figures. */
export function dashboardRoutes(options: DashboardOptions): Router {
  const { statistics, feed, now } = options;
  const router = Router();
  const readFigures = (query: FiguresQuery): Figures => figuresOf(statistics.since(firstDayOf(query, now())), query);

  if (options.dashboard === 'live') {
    router.get('/dashboard', requireLogin, async (request, response) => {
      // One address, one set of figures: orders that come in while the page is put together are in it.
      const live = new LiveFigures(feed, readFigures(readQuery(request)));
      if (request.accepts(['html', 'text/event-stream']) === 'text/event-stream') {
        streamFigures(live, response);
      } else {
        await sendPage(request, response, { ...options, figures: () => live.current() });
      }
    });
  } else {
    router.get('/dashboard', requireLogin, async (request, response) => {
      const figures = (): Figures => readFigures(readQuery(request));
      await sendPage(request, response, { ...options, figures });
    });
  }
  return router;
}

async function sendPage(
  request: Request,
  response: Response,
  options: DashboardOptions & { figures: () => Figures },
): Promise<void> {
  const session = sessionOf(response);
  if (session?.account == null) throw new Error('the dashboard was asked for without a login');
  const latestOrders = await options.log.latestOf(session.account.customerId, shownOrders);
  const breakdown = options.breakdown?.answer(readQuery(request)) ?? null;
  response.type('html').send(renderDashboard({ session, figures: options.figures(), latestOrders, breakdown }));
}

function readQuery(request: Request): FiguresQuery {
  const days = Number(request.query['days'] ?? 7);
  const category = request.query['category'];
  return {
    days: Number.isInteger(days) ? Math.min(Math.max(days, 1), 31) : 7,
    category: typeof category === 'string' && categoryNames.includes(category) ? category : null,
  };
}
