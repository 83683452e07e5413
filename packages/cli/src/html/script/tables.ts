/**
 * Makes the tables of the page sortable, filterable and short. Runs in the page, without imports; what it makes is made
 * by the DOM, never from text.
 */
const FIRST_ROWS = 15;
const FILTER_FROM = 8;

interface SortedBy {
  column: number;
  descending: boolean;
}

for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) enhance(table);

function enhance(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  const head = table.tHead?.rows[0];
  if (body === undefined || head === undefined) return;
  const rows = [...body.rows];
  const caption = table.caption?.textContent ?? 'table';
  let sortedBy: SortedBy | null = null;
  let filter = '';
  let all = rows.length <= FIRST_ROWS + 3;

  const bar = make('div', 'bar');
  const input = make('input', 'filter');
  input.type = 'search';
  input.placeholder = 'Filter';
  input.setAttribute('aria-label', `Filter: ${caption}`);
  const told = make('span', 'told');
  told.setAttribute('role', 'status');
  const more = make('button', 'more');
  more.type = 'button';

  const show = (): void => {
    const wanted = rows.filter((row) => filter === '' || (row.textContent ?? '').toLowerCase().includes(filter));
    const shown = all || filter !== '' ? wanted : wanted.slice(0, FIRST_ROWS);
    body.replaceChildren(...shown);
    told.textContent = filter === '' ? '' : `${shown.length} of ${rows.length}`;
    more.hidden = rows.length <= FIRST_ROWS + 3 || filter !== '';
    more.textContent = all ? `Show the first ${FIRST_ROWS}` : `Show all ${rows.length}`;
    more.setAttribute('aria-expanded', String(all));
  };

  const sort = (column: number): void => {
    const numeric = rows.some((row) => row.cells[column]?.dataset['value'] !== undefined);
    const descending = sortedBy?.column === column ? !sortedBy.descending : numeric;
    sortedBy = { column, descending };
    rows.sort((a, b) => (descending ? -1 : 1) * compare(a.cells[column], b.cells[column], numeric));
    [...head.cells].forEach((cell, at) => {
      cell.setAttribute('aria-sort', at !== column ? 'none' : descending ? 'descending' : 'ascending');
    });
    show();
  };

  [...head.cells].forEach((cell, column) => {
    const button = make('button', 'sort');
    button.type = 'button';
    button.append(...cell.childNodes);
    button.addEventListener('click', () => {
      sort(column);
    });
    cell.replaceChildren(button);
    if (cell.getAttribute('aria-sort') === 'descending') sortedBy = { column, descending: true };
  });
  input.addEventListener('input', () => {
    filter = input.value.trim().toLowerCase();
    show();
  });
  more.addEventListener('click', () => {
    all = !all;
    show();
  });
  addEventListener('beforeprint', () => {
    body.replaceChildren(...rows);
  });
  addEventListener('afterprint', show);

  const frame = table.parentElement ?? table;
  if (rows.length >= FILTER_FROM) {
    bar.append(input, told);
    frame.before(bar);
  }
  frame.after(more);
  show();
}

function compare(a: HTMLTableCellElement | undefined, b: HTMLTableCellElement | undefined, numeric: boolean): number {
  if (numeric) return Number(a?.dataset['value'] ?? 0) - Number(b?.dataset['value'] ?? 0);
  return (a?.textContent ?? '').localeCompare(b?.textContent ?? '');
}

function make<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

export {};
