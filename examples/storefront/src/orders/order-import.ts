import { findProduct } from '../catalogue/catalogue.ts';
import { totalOf, type Order } from './order.ts';

/** What became of an imported file. */
export interface ImportResult {
  readonly orders: readonly Order[];
  /** Why lines were left out; at most twenty are told. */
  readonly rejected: readonly { readonly line: number; readonly reason: string }[];
}

const header = 'order_id,customer_id,region,placed_at,sku,quantity';
const mostReasons = 20;

/**
 * Reads orders from the CSV of a marketplace: one line an article, the lines of an order together.
 * The columns are `order_id,customer_id,region,placed_at,sku,quantity`; no field is quoted. Lines that
 * can't be used are left out and reported by number; a file with other columns is reported at line 1.
 */
export function parseOrders(csv: string): ImportResult {
  const [first = '', ...lines] = csv.split(/\r?\n/);
  if (first.trim() !== header) {
    return { orders: [], rejected: [{ line: 1, reason: `the columns must be ${header}` }] };
  }
  const orders = new Map<string, Order>();
  const rejected: { line: number; reason: string }[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const reason = addLine(orders, line.split(','));
    if (reason !== null && rejected.length < mostReasons) rejected.push({ line: index + 2, reason });
  }
  return { orders: [...orders.values()], rejected };
}

function addLine(orders: Map<string, Order>, fields: readonly string[]): string | null {
  const [id, customerId, region, placedAt, sku, quantity] = fields.map((field) => field.trim());
  if (!id || !customerId || !region || !placedAt || !sku || !quantity) return 'a field is missing';
  if (!/^c\d+$/.test(customerId)) return `"${customerId}" is no customer`;
  const placedAtMs = Date.parse(placedAt);
  if (Number.isNaN(placedAtMs)) return `"${placedAt}" is no moment`;
  const product = findProduct(sku);
  if (product === undefined) return `"${sku}" is not in the catalogue`;
  const count = Number(quantity);
  if (!Number.isInteger(count) || count < 1) return `"${quantity}" is no quantity`;

  const lines = [...(orders.get(id)?.lines ?? []), { sku, quantity: count, priceCents: product.priceCents }];
  orders.set(id, { id, customerId, region, placedAtMs, lines, totalCents: totalOf(lines) });
  return null;
}
