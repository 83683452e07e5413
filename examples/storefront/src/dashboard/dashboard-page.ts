import type { CubeCell } from '../orders/sales-cube.ts';
import type { Order } from '../orders/order.ts';
import type { Session } from '../session/session.ts';
import type { Figures } from './figures.ts';
import { escapeHtml, formatEuros } from './html.ts';

/** What the dashboard page is made of. */
export interface DashboardPage {
  readonly session: Session;
  readonly figures: Figures;
  /** The visitor's own, newest first. */
  readonly latestOrders: readonly Order[];
  /** By category; `null` in releases that don't have it. */
  readonly breakdown: Record<string, CubeCell> | null;
}

/** The dashboard as HTML. */
export function renderDashboard(page: DashboardPage): string {
  const { session, figures } = page;
  const hours = Array.from({ length: 24 }, (_, hour) =>
    figures.days.reduce((sum, day) => sum + (day.ordersByHour[hour] ?? 0), 0),
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Storefront: dashboard</title></head>
<body>
<h1>Good day, ${escapeHtml(session.account?.name ?? 'visitor')}</h1>
<section id="sales">
<h2>The store</h2>
<p>${String(figures.orders)} orders, ${String(figures.articles)} articles, ${formatEuros(figures.revenueCents)}</p>
${table(['day', 'orders', 'revenue'], figures.days, (day) => [day.day, String(day.orders), formatEuros(day.revenueCents)])}
<h2>By the hour</h2>
${table(['hour', 'orders'], hours, (orders, hour) => [`${hour}:00`, `${orders}`])}
<h2>Most sold</h2>
${table(['article', 'sold'], figures.topProducts, (product) => [product.title, String(product.articles)])}
${page.breakdown === null ? '' : renderBreakdown(page.breakdown)}
</section>
<section id="yours">
<h2>Your latest orders</h2>
${table(['placed', 'total'], page.latestOrders, (order) => [new Date(order.placedAtMs).toISOString(), formatEuros(order.totalCents)])}
<h2>Your cart</h2>
${table(['article', 'quantity'], session.cart, (line) => [line.title, String(line.quantity)])}
<h2>Recently viewed</h2>
${table(['article', 'price'], session.recentlyViewed, (product) => [product.title, formatEuros(product.priceCents)])}
</section>
<form method="post" action="/logout"><button>Log out</button></form>
</body>
</html>
`;
}

function renderBreakdown(breakdown: Record<string, CubeCell>): string {
  return `<h2>By category</h2>
${table(['category', 'orders', 'articles', 'revenue'], Object.entries(breakdown), ([name, cell]) => [name, String(cell.orders), String(cell.articles), formatEuros(cell.revenueCents)])}`;
}

function table<Row>(
  heads: readonly string[],
  rows: readonly Row[],
  cellsOf: (row: Row, index: number) => readonly string[],
): string {
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((row, index) => line('td', cellsOf(row, index)));
  return ['<table>', line('th', heads), ...body, '</table>'].join('\n');
}
