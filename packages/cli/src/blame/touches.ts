/** Which commits touched a place in the code, and in what way: the line, its function, what is added there, the file. */
import { askGit, runGit } from './git.ts';
import { commitFormat, readCommits, type Commit } from './commit.ts';
import { enclosingFunction } from './enclosing-function.ts';

/** In what way, the most telling first. */
export const touchKinds = [
  'dependency',
  'inserted-line',
  'removal',
  'inserts',
  'creates',
  'holder-line',
  'function',
  'file',
] as const;

/** In what way. `removal`: it took out a line that removes from what holds the memory. */
export type TouchKind = (typeof touchKinds)[number];

/** One way in which a commit touched a place. */
export interface Touch {
  readonly commit: Commit;
  readonly kind: TouchKind;
  /** In words, for whoever reads the ranking; no source text. */
  readonly text: string;
}

/** A line of the culprit. */
export interface Place {
  /** `holder`: where what holds the memory is made; `insert`: the line that adds to it. */
  readonly role: 'holder' | 'insert';
  /** Relative to the repository's root, as it was called at the commit that is looked at. */
  readonly path: string;
  /** From 1; null where only the file is known. */
  readonly line: number | null;
}

/** What was found at a place. */
export interface Touched {
  readonly touches: readonly Touch[];
  /** The function around the line. */
  readonly functionName: string | null;
  readonly notes: readonly string[];
}

const mostOfLines = 200;
const mostOfFile = 500;
const adds = 'set|add|push|unshift|append|prepend(?:Listener)?|on|once|addListener|addEventListener|enqueue|insert|put';
const removes =
  'delete|clear|shift|pop|splice|off|removeListener|removeAllListeners|removeEventListener|evict|prune|remove|dequeue';

/** Who touched a place, up to a commit. `holder` is what the program calls what holds the memory. */
export async function touchesOf(
  root: string,
  { role, path, line }: Place,
  { at, holder }: { at: string; holder: string | null },
): Promise<Touched> {
  const notes: string[] = [];
  const touches: Touch[] = [];
  let functionName: string | null = null;
  if (line !== null) {
    const text = (await askGit(root, ['show', '--no-textconv', '--end-of-options', `${at}:${path}`])) ?? '';
    const lines = text === '' ? 0 : text.replace(/\n$/u, '').split('\n').length;
    if (line > lines)
      notes.push(`line ${line} is not in ${path} at ${at.slice(0, 12)}: it has ${lines} lines; the file is looked at`);
    else {
      touches.push(...(await lineTouches(root, { role, path, line }, at)));
      const around = enclosingFunction(text, path, line);
      functionName = around?.name ?? null;
      if (around !== null) {
        const what = functionName === null ? 'changed the function that it is in' : `changed ${functionName}()`;
        const log = await history(root, [
          `-L${around.from},${around.to}:${path}`,
          '--no-patch',
          `-n${mostOfLines}`,
          at,
          '--',
        ]);
        touches.push(...log.map(({ commit }) => ({ commit, kind: 'function' as const, text: `${what} in ${path}` })));
      }
    }
  }
  const patches = ['-p', '-U0', '--no-ext-diff', '--no-textconv', '--no-color', '--follow', `-n${mostOfFile}`];
  for (const { commit, rest } of await history(root, [...patches, at, '--', `:(top,literal)${path}`])) {
    touches.push({ commit, kind: 'file', text: `changed ${path}` });
    if (holder !== null) touches.push(...holderTouches(commit, rest, holder));
  }
  return { touches, functionName, notes };
}

/** The commit that wrote the line; git calls it by the name that the file had then. */
async function lineTouches(root: string, { role, path, line }: Place, at: string): Promise<Touch[]> {
  const blame = await askGit(root, ['blame', '--porcelain', '-w', `-L${line ?? 1},${line ?? 1}`, at, '--', path]);
  const [id] = /^[0-9a-f]{40,64}/u.exec(blame ?? '') ?? [];
  if (id === undefined) return [];
  const [found] = await history(root, ['--no-patch', '-n1', id, '--']);
  if (found === undefined) return [];
  const what = role === 'insert' ? 'wrote the line that adds to it' : 'wrote the line that makes what holds it';
  const kind = role === 'insert' ? 'inserted-line' : 'holder-line';
  return [{ commit: found.commit, kind, text: `${what}, ${path}:${line ?? 1}` }];
}

/** What a patch does to what holds the memory: lines that came or went, not those that only moved. */
function holderTouches(commit: Commit, patch: string, holder: string): Touch[] {
  const of = (sign: string): string[] =>
    patch
      .split('\n')
      .filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)))
      .map((line) => line.slice(1).trim());
  const [came, went] = [of('+'), of('-')];
  const name = `(?<![\\w$])${holder.replace(/[$]/gu, '\\$')}`;
  const count = (lines: readonly string[], pattern: RegExp): number =>
    lines.filter((line) => pattern.test(line)).length;
  const net = (pattern: RegExp): number => count(came, pattern) - count(went, pattern);
  const adding = new RegExp(
    `${name}[?!]?\\s*(?:\\.\\s*(?:${adds})\\s*\\(|\\[[^\\]]+\\]\\s*(?:\\?\\?|\\|\\|)?=(?!=))`,
    'u',
  );
  const removing = new RegExp(
    `${name}[?!]?\\s*\\.\\s*(?:${removes})\\s*\\(|delete\\s+[\\w.$]*${name}\\s*\\[|clear(?:Interval|Timeout)\\(\\s*[\\w.]*${name}`,
    'u',
  );
  const making = new RegExp(`${name}\\s*(?::[^=]+)?=\\s*(?:new\\s|\\[|\\{)`, 'u');
  return [
    ...(net(adding) > 0 ? [{ commit, kind: 'inserts' as const, text: `brought code that adds to ${holder}` }] : []),
    ...(net(removing) < 0
      ? [{ commit, kind: 'removal' as const, text: `took out code that removes from ${holder}` }]
      : []),
    ...(net(making) > 0 ? [{ commit, kind: 'creates' as const, text: `brought ${holder} itself` }] : []),
  ];
}

async function history(root: string, args: readonly string[]): Promise<ReturnType<typeof readCommits>> {
  const { code, stdout } = await runGit(root, ['log', commitFormat, ...args]);
  return code === 0 ? readCommits(stdout) : [];
}
