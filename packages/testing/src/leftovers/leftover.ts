/** Something that was there at the end of a test file and not at its beginning. */
export interface Leftover {
  kind: 'timer' | 'handle' | 'listener' | 'global' | 'state';
  /** `setInterval`, `TCPSERVERWRAP`, `process "SIGTERM"`, the global's name, what a module keeps and how much more. */
  what: string;
  /** How many of it were made at the same place. */
  count: number;
  /** `file:line:column` of the code that made it, or adds to it; null where only code of Node.js and packages was on the stack. */
  at: string | null;
}

/** Same things made at the same place are told once. */
export function grouped(all: readonly Omit<Leftover, 'count'>[]): Leftover[] {
  const groups = new Map<string, Leftover>();
  for (const one of all) {
    const key = `${one.kind} ${one.what} ${one.at ?? ''}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...one, count: 1 });
    else known.count += 1;
  }
  return [...groups.values()];
}

/** A list for people: `2 × setInterval, made at src/poll.ts:12:5`. */
export function leftoversText(leftovers: readonly Leftover[]): string {
  return leftovers
    .map(({ kind, what, count, at }) => {
      const times = count === 1 ? '' : `${String(count)} × `;
      return `  ${times}${kind === 'listener' ? `listener of ${what}` : what}${at === null ? '' : `, ${kind === 'state' ? '' : 'made '}at ${at}`}`;
    })
    .join('\n');
}
