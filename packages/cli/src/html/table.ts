import { bytes, count } from '../wording/quantities.ts';
import { html, type Content, type Markup } from './markup.ts';

/** A cell: what it shows, and for a number what it is sorted by. */
export interface Cell {
  readonly content: Content;
  readonly value?: number;
}

/** A table of one sort of thing. */
export interface Table {
  readonly title: string;
  /** What is in it and how to read it, in a sentence. */
  readonly lead: Content;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The column that the rows are sorted by already, the largest first; null: in an order of their own. */
  readonly sortedBy: number | null;
}

/** A table that reads without a script; with one it can be sorted and filtered. Nothing of it, in words, where it has no rows. */
export function tableSection({ title, lead, columns, rows, sortedBy }: Table): Markup {
  if (rows.length === 0) return html``;
  const head = columns.map((name, at) => {
    const numeric = rows[0]?.[at]?.value !== undefined;
    return html`<th
      scope="col"
      aria-sort="${at === sortedBy ? 'descending' : 'none'}"
      ${numeric ? html` class="number"` : null}
    >
      ${name}
    </th>`;
  });
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map(cellMarkup)}
      </tr> `,
  );
  return html`<section class="table">
    <h2>${title}</h2>
    <p class="lead">${lead}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table class="sortable">
        <caption>
          ${title}
        </caption>
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${body}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** A cell of bytes. */
export const bytesCell = (value: number): Cell => ({ content: bytes(value), value });
/** A cell of a number. */
export const countCell = (value: number): Cell => ({ content: count(value), value });
/** A cell of text. */
export const textCell = (content: Content): Cell => ({ content });

function cellMarkup({ content, value }: Cell): Markup {
  if (value === undefined) return html`<td>${content}</td>`;
  return html`<td class="number" data-value="${value}">${content}</td>`;
}
