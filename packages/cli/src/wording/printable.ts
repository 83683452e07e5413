/**
 * Names, routes and messages come from the watched program and from files: a control character in one of them could
 * move the cursor, set the window's title or turn the text around. Everything printed passes through here.
 */

/** C0, DEL and C1 controls, line and paragraph separators, and the marks that reorder text on screen. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** Colour and weight only (SGR): what Ebb's own renderers write. */
const SGR = /\u001b\[[0-9;]*m/gu;

/** Makes outside text safe for a terminal: each control character becomes `\xNN` or `\uNNNN`. */
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
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
