import { printable } from '../wording/printable.ts';

/**
 * HTML that is safe by construction: whatever is put into an `html` template is escaped unless it is such a piece
 * itself or Ebb's own element.
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

/** A piece of a page. Attribute values must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((all, text, at) => all + textOf(contents[at - 1]) + text));
}

/**
 * Ebb's own style sheet or script, which stands in the page letter by letter, as its hash in the page's policy asks.
 * Never give it anything that came from outside.
 */
export function ownElement(tag: 'style' | 'script', text: string): Markup {
  return new Markup(tag === 'style' ? `<style>${text}</style>` : `<script type="module">${text}</script>`);
}

/** Data for a script, in an element that no `<` in the data can end. */
export function dataElement(id: string, value: unknown): Markup {
  const json = JSON.stringify(value)
    .replace(/</gu, '\\u003c')
    .replace(/\p{Cs}/gu, '\ufffd');
  return html`<script type="application/json" id="${id}">
    ${new Markup(json)}
  </script>`;
}

/** Longer names are cut: a name in a heap may be of any length, and a page is to stay small. */
const MOST_CHARACTERS = 240;

/** A name or text of one line that came from outside: what hides or reorders is shown, and it is not endless. */
export function shown(text: string, most: number = MOST_CHARACTERS): string {
  const short = text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  return printable(short);
}

/** A text that may be broken after the slashes of its paths, where it is too wide. */
export function breakable(text: string): Markup {
  return new Markup(text.split('/').map(escaped).join('/<wbr>'));
}

function textOf(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escaped(content);
  return content.map(textOf).join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"'`]/gu, (char) => `&#${char.charCodeAt(0)};`).replace(/\p{Cs}/gu, '\ufffd');
}
