import { html, type Content, type Markup } from './html.ts';

/**
 * A table whose rows become blocks on a telephone, each cell with its column's name; where it is too wide on a desk, it is
 * scrolled sideways, by keyboard, too.
 */
export function table(id: string, columns: readonly string[], rows: readonly (readonly Content[])[]): Markup {
  return html`<div class="scroll" role="group" aria-labelledby="${id}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([head, ...cells]) =>
            html`<tr>
              <th scope="row">${head}</th>
              ${cells.map((cell, at) => html`<td data-column="${columns[at + 1]}"><div>${cell}</div></td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
