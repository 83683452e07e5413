import pMap from 'p-map';

/** A look is mostly waiting for the database, which has connections for more than one thing. */
const mostAtOnce = 5;

/**
 * Does the same for each, some at once, in their order. What fails for one keeps no other from its turn.
 *
 * @throws {AggregateError} what failed, when all had their turn; its message names each reason once
 */
export async function sideBySide<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  try {
    return await pMap(items, work, { concurrency: mostAtOnce, stopOnError: false });
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const reasons = error.errors.map((reason) => (reason instanceof Error ? reason.message : String(reason)));
    throw new AggregateError(error.errors, [...new Set(reasons)].join('; '), { cause: error });
  }
}
