import stringWidth from 'string-width';

/** A piece of a line: plain text without escapes, and how to paint it. */
export interface Piece {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** May be left out when the line is too narrow; the last such piece goes first. */
  readonly optional?: boolean;
}

/** Joins pieces into a line of exactly `width` columns at most: optional pieces go first, then the end is cut with `…`. */
export function fitLine(pieces: readonly Piece[], width: number): string {
  const kept = [...pieces];
  while (widthOf(kept) > width) {
    const index = kept.findLastIndex((piece) => piece.optional === true);
    if (index < 0) break;
    kept.splice(index, 1);
  }
  let left = width;
  let line = '';
  for (const { text, paint } of kept) {
    const cut = cutText(text, left);
    left -= stringWidth(cut);
    line += paint === undefined || cut === '' ? cut : paint(cut);
    if (left <= 0) break;
  }
  return line;
}

/** Cuts text to a number of columns; what was cut shows as `…`. */
export function cutText(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  if (columns <= 0) return '';
  let cut = '';
  let used = 0;
  for (const char of text) {
    const next = stringWidth(char);
    if (used + next > columns - 1) break;
    cut += char;
    used += next;
  }
  return `${cut}…`;
}

function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + stringWidth(piece.text), 0);
}
