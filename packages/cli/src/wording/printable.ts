/**
 * Names, routes and messages come from the watched program and from files: a control character in one of them could
 * move the cursor, set the window's title or turn the text around. Everything printed passes through here.
 */

/**
 * Control and format characters (what steers a terminal, reorders text on screen, or cannot be seen), line and paragraph
 * separators, halves of surrogate pairs, and letters that look like nothing.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
/** Colour and weight only (SGR): what Ebb's own renderers write. */
const SGR = /\u001b\[[0-9;]*m/gu;

/** Makes outside text safe for a terminal or a page: each such character becomes `\xNN`, `\uNNNN` or `\u{NNNNN}`. */
export function printable(text: string, options: { newlines?: boolean } = {}): string {
  return text.replace(UNSAFE, (char) => (options.newlines === true && char === '\n' ? char : escaped(char)));
}

/**
 * The same for a block that a renderer of Ebb made: line feeds stay, and so do colours (`colour: true`);
 * everything else that steers a terminal is escaped.
 */
export function printableBlock(text: string, colour: boolean): string {
  if (!colour) return printable(text.replace(SGR, ''), { newlines: true });
  const colours = text.match(SGR) ?? [];
  return text
    .split(SGR)
    .map((part, index) => printable(part, { newlines: true }) + (colours[index] ?? ''))
    .join('');
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}
