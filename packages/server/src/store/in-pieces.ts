/** A row has up to 33 columns, and a statement up to 32,766 parameters (SQLite; PostgreSQL twice that). */
const rowsAtOnce = 400;

/** Calls `use` with a few hundred items at once, one call after the other; not at all for none. */
export async function inPieces<Item>(
  items: readonly Item[],
  use: (piece: readonly Item[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += rowsAtOnce) await use(items.slice(at, at + rowsAtOnce));
}
