/** Types beyond this bound are counted together: names come from addons, too. */
const maxTypes = 32;
const otherType = 'other';

/**
 * How many resources of each type keep the event loop alive: sockets, timers, file requests. Costs time in proportion
 * to their number (about a millisecond for ten thousand), so it is asked once an export and not once a sample.
 *
 * @param list what Node tells; passed in by tests
 */
export function activeResources(list: readonly string[] = process.getActiveResourcesInfo()): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of list) {
    const key = counts.has(type) || counts.size < maxTypes ? type.slice(0, 64) : otherType;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
