/** Finds the lines of a source file that declare a holder, add to it, and take out of it. Plain text search, by name. */
import type { SourceFiles } from './source-files.ts';

const IDENTIFIER = /^[A-Za-z_$#][\w$]*$/;

/** Whether a name can be looked for: a variable or property, not data and not a one-letter name of minified code. */
export function isSearchable(name: string): boolean {
  return IDENTIFIER.test(name) && name.replace(/^#/, '').length > 1;
}

const escaped = (name: string): string => name.replace(/[$]/g, '\\$&');
/** The name as a word of its own: `$` counts as part of a name. */
const word = (name: string): string => `(?<![\\w$#])${escaped(name)}(?![\\w$])`;

/** Lines (from 1) where a variable, field or property of this name comes into being, the likeliest first. */
export function declarationLine(sources: SourceFiles, file: string, name: string): number | undefined {
  if (!isSearchable(name)) return undefined;
  const n = word(name);
  return firstMatch(sources, file, [
    new RegExp(`(?:^|[\\s;({])(?:const|let|var)\\s+(?:[\\w$]+\\s*(?:=[^,;]*)?,\\s*)*${n}`),
    new RegExp(`(?:this|self|that|_this)\\.${escaped(name)}\\s*(?:\\|\\||\\?\\?)?=(?!=)`),
    new RegExp(
      `^\\s*(?:(?:public|private|protected|readonly|static|declare|override|export)\\s+)*${escaped(name)}[?!]?\\s*(?::[^=;]*)?(?:=(?![=>])|;|$)`,
    ),
    new RegExp(`(?:\\.|\\b)${escaped(name)}\\s*(?:\\|\\||\\?\\?)?=\\s*(?:new\\b|\\[|\\{|Object\\.create)`),
    new RegExp(`${n}\\s*:\\s*(?:new\\b|\\[|\\{|Object\\.create)`),
    new RegExp(`\\.${escaped(name)}\\s*=(?!=)`),
    new RegExp(`\\b(?:class|function)\\s+${n}`),
  ]);
}

const ADDING =
  'set|push|add|unshift|append|enqueue|on|once|addListener|prependListener|addEventListener|subscribe|register';
const REMOVING =
  'delete|clear|pop|shift|splice|remove|removeListener|removeEventListener|removeAllListeners|off|unsubscribe|unregister|evict|reset';

/** The first line that adds to a holder of this name. */
export function insertionLine(sources: SourceFiles, file: string, name: string): number | undefined {
  if (!isSearchable(name)) return undefined;
  const n = word(name);
  return firstMatch(sources, file, [
    new RegExp(`${n}(?:\\?|!)?\\.(?:${ADDING})\\s*\\(`),
    new RegExp(`${n}(?:\\?\\.|!)?\\[[^\\]]+\\]\\s*(?:\\|\\||\\?\\?)?=(?!=)`),
    new RegExp(`${n}(?:\\?|!)?\\.get\\s*\\(.*\\)(?:\\?|!)?\\.(?:${ADDING})\\s*\\(`),
    new RegExp(`Object\\.defineProperty\\(\\s*(?:\\w+\\.)?${n}`),
    new RegExp(`${n}\\s*=\\s*\\[\\s*\\.\\.\\.`),
    new RegExp(`${n}\\s*=\\s*(?:[\\w$.]*\\.)?${escaped(name)}\\.concat\\(`),
  ]);
}

/** Every line that takes out of a holder of this name, or replaces it. */
export function removalLines(sources: SourceFiles, file: string, name: string): number[] {
  const lines = sources.lines(file);
  if (!lines || !isSearchable(name)) return [];
  const n = word(name);
  const patterns = [
    new RegExp(`${n}(?:\\?|!)?\\.(?:${REMOVING})\\s*\\(`),
    new RegExp(`\\bdelete\\s+[\\w$.]*${escaped(name)}\\s*\\[`),
    new RegExp(`${n}\\.length\\s*=(?!=)`),
  ];
  return lines.flatMap((line, at) =>
    !isComment(line) && patterns.some((pattern) => pattern.test(line)) ? [at + 1] : [],
  );
}

/** The line that registers a listener for `event`, the nearest to a function's own line where there are several. */
export function registrationLine(sources: SourceFiles, file: string, event: string, near: number): number | undefined {
  const lines = sources.lines(file);
  if (!lines) return undefined;
  const call = `\\.(?:on|once|addListener|prependListener|prependOnceListener|addEventListener|subscribe)\\s*\\(`;
  const quoted = new RegExp(`${call}\\s*['"\`]${event.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}['"\`]`);
  const any = new RegExp(call);
  return nearest(lines, quoted, near, Infinity) ?? nearest(lines, any, near, 25);
}

/** The line that imports a package, or requires it. */
export function importLine(sources: SourceFiles, file: string, packageName: string): number | undefined {
  const name = packageName.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return firstMatch(sources, file, [
    new RegExp(`(?:\\bfrom|\\bimport|\\brequire)\\s*\\(?\\s*['"\`]${name}(?:/[^'"\`]*)?['"\`]`),
  ]);
}

/** The line that starts the timer whose function, of this name, begins at line `near`: by the name, or beside it. */
export function timerLine(sources: SourceFiles, file: string, near: number, name: string): number | undefined {
  const lines = sources.lines(file);
  if (!lines) return undefined;
  const named = isSearchable(name)
    ? nearest(lines, new RegExp(`\\bset(?:Interval|Timeout|Immediate)\\s*\\(.*${word(name)}`), near, Infinity)
    : undefined;
  return named ?? nearest(lines, /\bset(?:Interval|Timeout|Immediate)\s*\(/, near, 10);
}

/** The line that hangs something on a promise of this name: waits for it, chains to it, races against it. */
export function chainingLine(sources: SourceFiles, file: string, name: string): number | undefined {
  if (!isSearchable(name)) return undefined;
  const n = word(name);
  return firstMatch(sources, file, [
    new RegExp(`${n}(?:\\?|!)?\\.(?:then|catch|finally)\\s*\\(`),
    new RegExp(`\\bPromise\\.(?:race|all|any|allSettled)\\s*\\(.*${n}`),
    new RegExp(`\\bawait\\s+(?:[\\w$.#]*\\.)?${escaped(name)}(?![\\w$])`),
  ]);
}

/**
 * The line that waits for a promise: beside the function at line `near` that waits, or, where that is an async function,
 * its first `await`.
 */
export function waitLine(
  sources: SourceFiles,
  file: string,
  near: number,
  isAsyncFunction: boolean,
): number | undefined {
  const lines = sources.lines(file);
  if (!lines) return undefined;
  if (isAsyncFunction) {
    const at = lines.slice(near - 1, near + 200).findIndex((line) => /\bawait\b/.test(line) && !isComment(line));
    return at < 0 ? undefined : near + at;
  }
  return nearest(lines, /\.(?:then|catch|finally)\s*\(|\bPromise\.(?:race|all|any|allSettled)\s*\(/, near, 10);
}

function nearest(lines: string[], pattern: RegExp, near: number, within: number): number | undefined {
  let best: number | undefined;
  lines.forEach((line, at) => {
    const distance = Math.abs(at + 1 - near);
    if (distance > within || isComment(line) || !pattern.test(line)) return;
    if (best === undefined || distance < Math.abs(best - near)) best = at + 1;
  });
  return best;
}

function firstMatch(sources: SourceFiles, file: string, patterns: RegExp[]): number | undefined {
  const lines = sources.lines(file);
  if (!lines) return undefined;
  for (const pattern of patterns) {
    const at = lines.findIndex((line) => line.length < 2000 && !isComment(line) && pattern.test(line));
    if (at >= 0) return at + 1;
  }
  return undefined;
}

function isComment(line: string): boolean {
  return /^\s*(?:\/\/|\*|\/\*)/.test(line);
}
