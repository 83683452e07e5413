import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const page = fileURLToPath(new URL('../../docs/testing-faults.md', import.meta.url));

/** A line of a table in Markdown. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Holds the table below a heading of docs/testing-faults.md against what was seen; with WRITE_FAULTS=1 writes it anew. */
export function holdTable(heading: string, head: readonly string[], rows: readonly string[]): void {
  const seen = [row(head), row(head.map(() => '---')), ...rows].join('\n');
  const text = readFileSync(page, 'utf8');
  const start = text.indexOf('\n| ', text.indexOf(`## ${heading}\n`)) + 1;
  const end = text.indexOf('\n\n', start);
  if (process.env['WRITE_FAULTS'] !== undefined) writeFileSync(page, text.slice(0, start) + seen + text.slice(end));
  const written = readFileSync(page, 'utf8').slice(start);
  const table = written.slice(0, written.indexOf('\n\n'));
  expect(table.replace(/ +\|/gu, ' |').replace(/\| -+/gu, '| ---')).toBe(seen);
}
