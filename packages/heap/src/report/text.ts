/** Text for a terminal: names made harmless, and lines of a given number of columns. */

/** Longer texts are cut: a name in a heap may be of any length, and nobody reads a megabyte of one. */
const MOST_CHARACTERS = 400;

/** Control and format characters (directions, the invisible), line separators, halves of surrogate pairs, fillers. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

const NO_COLUMN = /^\p{M}$/u;
const TWO_COLUMNS =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/**
 * A text from a heap, or from a caller, of one line: without characters that could drive the terminal, hide, or forge a
 * line or an order (each becomes U+FFFD), and not endless.
 */
export function plain(text: string): string {
  const short = text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
  return short.replace(UNSAFE, '\ufffd');
}

/** How many columns of a terminal a text without control characters takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += columnsOfCharacter(char);
  return columns;
}

/** Cut to a number of columns; what was cut shows as `…`. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const char of text) {
    columns += columnsOfCharacter(char);
    if (columns > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Broken at spaces into lines of at most `width` columns, each line feed a new line; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line].map((each) => each.trimEnd());
  });
}

function columnsOfCharacter(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  return NO_COLUMN.test(char) ? 0 : TWO_COLUMNS.test(char) ? 2 : 1;
}
