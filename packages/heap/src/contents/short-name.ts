/** Longer names are cut: a name in a heap may be of any length, and a report repeats it. */
const MOST_CHARACTERS = 200;

/** A name as it stands in a report: all of it, unless it is longer than anyone reads. */
export function shortName(name: string): string {
  return name.length <= MOST_CHARACTERS ? name : `${name.slice(0, MOST_CHARACTERS - 1)}…`;
}
