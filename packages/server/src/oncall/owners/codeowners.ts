/**
 * CODEOWNERS as GitHub reads it: a pattern and its owners a line, the last line that matches wins, and a line without
 * owners says that nobody owns what it matches. Patterns are like those of .gitignore, without negation (`!`) and without
 * ranges (`[a-z]`), and `dir/*` means what stands in the folder itself, not what is in folders below it.
 */

/** A line of the file. */
export interface OwnersRule {
  line: number;
  pattern: string;
  /** `@user`, `@org/team`, or an address; none where nobody owns it. */
  owners: readonly string[];
}

/** A line that GitHub would not take either. */
export interface OwnersProblem {
  line: number;
  message: string;
}

const ownerForm = /^(?:@[\w-]+(?:\/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+)$/;

/** Reads the text of the file. Lines that cannot be read are left out, and told. */
export function parseCodeowners(text: string): { rules: OwnersRule[]; problems: OwnersProblem[] } {
  const rules: OwnersRule[] = [];
  const problems: OwnersProblem[] = [];
  for (const [i, whole] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = i + 1;
    const words = wordsOf(whole);
    const [pattern, ...owners] = words;
    if (pattern === undefined) continue;
    const wrong = owners.find((owner) => !ownerForm.test(owner));
    if (pattern.startsWith('!')) problems.push({ line, message: `'${pattern}': GitHub takes no negation` });
    else if (/(?<!\\)\[/.test(pattern)) problems.push({ line, message: `'${pattern}': GitHub takes no ranges` });
    else if (wrong !== undefined) problems.push({ line, message: `'${wrong}' is no @user, @org/team or address` });
    else rules.push({ line, pattern, owners });
  }
  return { rules, problems };
}

/** Who owns a file, by its path from the repository's root; nobody where no line matches. */
export function ownersOf(rules: readonly OwnersRule[], path: string): readonly string[] {
  const segments = path.replace(/^\/+/, '').split('/');
  return rules.findLast(({ pattern }) => matchesPath(pattern, segments))?.owners ?? [];
}

/** Words of a line up to a comment; a space with a backslash before it belongs to the word. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:\\.|[^\s\\])+/g)) {
    if (word.startsWith('#')) break;
    words.push(word.replaceAll('\\ ', ' '));
  }
  return words;
}

/** Whether the pattern matches the file, or a folder that the file is in. */
function matchesPath(pattern: string, path: readonly string[]): boolean {
  const isFolder = pattern.endsWith('/');
  const inner = pattern.replace(/^\/+|\/+$/g, '');
  if (inner === '') return false;
  const segments = inner.split('/');
  // A slash elsewhere than at the end ties the pattern to the root.
  if (!pattern.startsWith('/') && segments.length === 1) segments.unshift('**');
  // What matches a folder matches all in it, but for `dir/*`.
  const own = segments.at(-1) === '*' && segments.length > 1 && segments.at(-2) !== '**' && !isFolder;
  return matchesFrom(segments, path, { isFolder, own });
}

/**
 * Takes segments of the pattern times those of the path at most: what a `**` may skip is tried once from each place.
 */
function matchesFrom(
  pattern: readonly string[],
  path: readonly string[],
  { isFolder, own }: { isFolder: boolean; own: boolean },
): boolean {
  /** Places in the path up to which the pattern so far has come. */
  let reached = new Set([0]);
  for (const [i, segment] of pattern.entries()) {
    const next = new Set<number>();
    if (segment === '**') {
      const first = Math.min(...reached);
      // At the end it is everything in the folder, not the folder itself.
      const from = i === pattern.length - 1 ? first + 1 : first;
      for (let at = from; at <= path.length; at++) next.add(at);
    } else for (const at of reached) if (at < path.length && isLike(segment, path[at] ?? '')) next.add(at + 1);
    reached = next;
    if (reached.size === 0) return false;
  }
  return [...reached].some((at) => (at === path.length ? !isFolder : !own));
}

/** One segment: `*` is any text, `?` any character, a backslash takes the next one as it is. */
function isLike(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < text.length) {
    const isEscaped = pattern[p] === '\\' && p + 1 < pattern.length;
    if (!isEscaped && pattern[p] === '*') {
      [star, from] = [p, t];
      p += 1;
    } else if (isEscaped ? pattern[p + 1] === text[t] : pattern[p] === '?' || pattern[p] === text[t]) {
      p += isEscaped ? 2 : 1;
      t += 1;
    } else if (star >= 0) {
      // The star takes one character more, and the rest is tried again.
      from += 1;
      [p, t] = [star + 1, from];
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
