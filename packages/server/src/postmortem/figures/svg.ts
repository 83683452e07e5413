/** SVG that looks the same on a page, in a file and in a mail: no style sheet, no script, its own light ground. */

/** The figures' colours: readable on their ground at 4.5 to 1 where they are text. */
export const colours = {
  ground: '#ffffff',
  text: '#1b1f24',
  faint: '#57606a',
  line: '#d0d5da',
  memory: '#0a4fd0',
  rss: '#8a939c',
  bad: '#b3261e',
  warn: '#8a5300',
  good: '#256236',
} as const;

/** Text that is safe in SVG. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** A picture of this size, with its name for those who cannot see it. */
export function picture(size: { width: number; height: number; alt: string }, content: string): string {
  const { width, height, alt } = size;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(alt)}" font-family="system-ui, sans-serif" font-size="13">
<rect width="${width}" height="${height}" fill="${colours.ground}"/>
${content}
</svg>`;
}

/** A line of text. */
export function label(
  at: { x: number; y: number; anchor?: 'start' | 'middle' | 'end'; fill?: string; bold?: boolean; size?: number },
  text: string,
): string {
  const { x, y, anchor = 'start', fill = colours.text, bold = false, size } = at;
  const weight = bold ? ' font-weight="600"' : '';
  const height = size === undefined ? '' : ` font-size="${size}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}"${weight}${height}>${escapeXml(text)}</text>`;
}

/** Coordinates to a tenth: a picture is text that people keep. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The first so many lines; an ellipsis where there are more. */
export function cut(lines: readonly string[], most: number): string[] {
  return lines.slice(0, most).map((line, at) => (at === most - 1 && lines.length > most ? `${line} …` : line));
}

/** The text in lines of so many characters at most; a word that is longer is cut. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const cut = word.length > most ? `${word.slice(0, most - 1)}…` : word;
    if (last !== undefined && last.length + 1 + cut.length <= most) lines[lines.length - 1] = `${last} ${cut}`;
    else lines.push(cut);
  }
  return lines;
}
