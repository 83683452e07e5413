import { HeapError } from '../errors/heap-error.ts';
import type { Page } from './answers.ts';
import type { PageQuery } from './queries.ts';

const USUAL_LIMIT = 50;
const MOST_ROWS = 1000;

/** What is asked for, checked; throws EBB_HEAP_BAD_QUERY on what is no row number. */
function boundsOf({ offset = 0, limit = USUAL_LIMIT }: PageQuery): { offset: number; limit: number } {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new HeapError('EBB_HEAP_BAD_QUERY', `The offset ${String(offset)} is no row number: give 0 or more.`);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_ROWS)
    throw new HeapError('EBB_HEAP_BAD_QUERY', `The limit ${String(limit)} is not between 1 and ${MOST_ROWS}.`);
  return { offset, limit };
}

/** A page of a list that is there already; what stands in no page is never told. */
export function pageOf<Item, Row>(items: readonly Item[], query: PageQuery, tell: (item: Item) => Row): Page<Row> {
  const { offset, limit } = boundsOf(query);
  const end = Math.min(items.length, offset + limit);
  return {
    rows: items.slice(offset, end).map(tell),
    total: items.length,
    next: end < items.length ? end : null,
  };
}

/**
 * A page of items by weight, the heaviest first, equals in the order in which they come, without sorting them all: a
 * heap of the best `offset + limit`, its lightest on top. O(items × log(offset + limit)).
 */
export function heaviestPage<Row>(
  items: Iterable<number>,
  weightOf: (item: number) => number,
  query: PageQuery,
  tell: (item: number) => Row,
): Page<Row> {
  const { offset, limit } = boundsOf(query);
  const size = offset + limit;
  const best: { item: number; weight: number; at: number }[] = [];
  const isWorse = (a: { weight: number; at: number }, b: { weight: number; at: number }): boolean =>
    a.weight < b.weight || (a.weight === b.weight && a.at > b.at);
  const swap = (a: number, b: number): void => {
    [best[a], best[b]] = [best[b], best[a]];
  };
  let total = 0;
  for (const item of items) {
    const entry = { item, weight: weightOf(item), at: total++ };
    if (best.length < size) {
      best.push(entry);
      for (let at = best.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (!isWorse(best[at], best[parent])) break;
        swap(at, parent);
        at = parent;
      }
    } else if (isWorse(best[0], entry)) {
      best[0] = entry;
      for (let at = 0; ;) {
        let worst = at;
        for (const child of [2 * at + 1, 2 * at + 2])
          if (child < best.length && isWorse(best[child], best[worst])) worst = child;
        if (worst === at) break;
        swap(at, worst);
        at = worst;
      }
    }
  }
  best.sort((a, b) => (isWorse(a, b) ? 1 : -1));
  const end = Math.min(total, size);
  return { rows: best.slice(offset).map(({ item }) => tell(item)), total, next: end < total ? end : null };
}
