/**
 * Markdown in which names and notes are text: nothing that somebody has written becomes a heading, a link, a picture or
 * HTML. Backslashes before every sign of ASCII that means something (CommonMark 0.31, 2.4), HTML as entities.
 */

/** The text as Markdown shows it. Lines become spaces: a block cannot be left. */
export function plain(text: string): string {
  return (
    text
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim()
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/[\\`*_[\]|~]/g, '\\$&')
      // At a line's start these would make a list, a heading, a rule; `![` a picture, `://` and `www.` a link.
      .replace(/^([#+=-]|\d+[.)])(?=\s|$)/, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`)
      .replace(/!(?=\\\[)/g, '\\!')
      .replace(/:\/\//g, '&#58;//')
      .replace(/\bwww\./gi, (start) => `${start.slice(0, -1)}&#46;`)
      .replace(/@/g, '&#64;')
  );
}

/** Code as Markdown shows it, whatever backticks it has. */
export function code(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') || line === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A list of points, each already Markdown. */
export function list(points: readonly (string | null)[]): string {
  return points.flatMap((point) => (point === null ? [] : [`- ${point}`])).join('\n');
}

/** A table, its cells already Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
