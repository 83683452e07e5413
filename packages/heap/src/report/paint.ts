/** Colours for a terminal (ECMA-48 SGR), or none. */
export interface Paint {
  bad(text: string): string;
  warn(text: string): string;
  good(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

/** A painter that paints, or one that doesn't. */
export function painter(color: boolean): Paint {
  const sgr = (on: number, off: number) => (text: string) =>
    color && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bad: (text) => sgr(1, 22)(sgr(31, 39)(text)),
    warn: sgr(33, 39),
    good: sgr(32, 39),
    strong: sgr(1, 22),
    faint: sgr(2, 22),
  };
}
