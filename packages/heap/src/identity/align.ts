/** How far ahead an element is looked for before it counts as gone. */
const WINDOW = 16;

/** What two lists are aligned by. */
export interface Likeness {
  /** Whether two elements may be the same. */
  isLike: (older: number, newer: number) => boolean;
  /** A number for what tells an element of the older list from all others (a text); -1 where nothing does. */
  olderKey: (element: number) => number;
  /** The same of the newer list: equal keys stand for the same. */
  newerKey: (element: number) => number;
  /** Whether an element of the older list is the key of what comes behind it: behind another key stands something else. */
  isOlderKey: (element: number) => boolean;
  /** The same of the newer list. */
  isNewerKey: (element: number) => boolean;
}

/**
 * Aligns two lists whose elements keep their order while some go and others come: the beginning as far as it is alike,
 * then whatever has a key that both lists have once, then what stands between these, one after the other.
 * (After B. Cohen's patience diff.) O(length of both).
 */
export function align(
  older: readonly number[],
  newer: readonly number[],
  likeness: Likeness,
  pair: (older: number, newer: number) => void,
): void {
  let from = 0;
  while (from < older.length && from < newer.length && likeness.isLike(older[from], newer[from])) {
    pair(older[from], newer[from]);
    from++;
  }
  if (from === older.length || from === newer.length) return;
  let [olderFrom, newerFrom] = [from, from];
  for (const [olderAt, newerAt] of sameKeys(older, newer, from, likeness)) {
    pair(older[olderAt], newer[newerAt]);
    // Hash tables do not keep the order; what stands between such places says nothing.
    if (newerAt < newerFrom) continue;
    alignBetween(older, newer, [olderFrom, olderAt], [newerFrom, newerAt], likeness, pair);
    [olderFrom, newerFrom] = [olderAt + 1, newerAt + 1];
  }
  alignBetween(older, newer, [olderFrom, older.length], [newerFrom, newer.length], likeness, pair);
}

/** Places of the elements that have a key which each list has once, in the order of the older one. */
function sameKeys(
  older: readonly number[],
  newer: readonly number[],
  from: number,
  { olderKey, newerKey }: Likeness,
): [olderAt: number, newerAt: number][] {
  const placeOf = (list: readonly number[], keyOf: (element: number) => number): Map<number, number> => {
    const places = new Map<number, number>(); // -1 where it is there twice
    for (let at = from; at < list.length; at++) {
      const key = keyOf(list[at]);
      if (key >= 0) places.set(key, places.has(key) ? -1 : at);
    }
    return places;
  };
  const olderPlaces = placeOf(older, olderKey);
  if (olderPlaces.size === 0) return [];
  const newerPlaces = placeOf(newer, newerKey);
  const found: [number, number][] = [];
  for (const [key, olderAt] of olderPlaces) {
    const newerAt = newerPlaces.get(key) ?? -1;
    if (olderAt >= 0 && newerAt >= 0) found.push([olderAt, newerAt]);
  }
  return found;
}

function alignBetween(
  older: readonly number[],
  newer: readonly number[],
  [olderFrom, olderTo]: [number, number],
  [newerFrom, newerTo]: [number, number],
  { isLike, isOlderKey, isNewerKey }: Likeness,
  pair: (older: number, newer: number) => void,
): void {
  let next = newerFrom;
  let [olderLast, newerLast] = [olderFrom - 1, newerFrom - 1];
  /** What stands before the two is the same, or no key. */
  const isBehindAlike = (at: number, ahead: number): boolean => {
    if (at - 1 === olderLast && ahead - 1 === newerLast) return true;
    return !(at > 0 && isOlderKey(older[at - 1])) && !(ahead > 0 && isNewerKey(newer[ahead - 1]));
  };
  for (let at = olderFrom; at < olderTo && next < newerTo; at++) {
    const end = Math.min(newerTo, next + WINDOW);
    for (let ahead = next; ahead < end; ahead++) {
      if (!isLike(older[at], newer[ahead]) || !isBehindAlike(at, ahead)) continue;
      pair(older[at], newer[ahead]);
      [olderLast, newerLast] = [at, ahead];
      next = ahead + 1;
      break;
    }
  }
}
