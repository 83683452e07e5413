/**
 * HTML that is safe by construction: whatever is put into an `html` template is escaped, unless it is such a piece itself.
 * Attribute values must stand in double quotes, and no style, script or event handler may be written: the pages' policy
 * lets none of them run.
 */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, nothing shows as nothing. */
export type Content = Markup | string | number | null | undefined | readonly Content[];

/** A piece of a page. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((all, text, at) => all + textOf(contents[at - 1]) + text));
}

function textOf(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escaped(content);
  return content.map(textOf).join('');
}

/** Control characters and those that reorder text are shown as what they are: names come from anywhere. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"'`]/gu, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
