/**
 * A Markdown table that grows row by row in bench/capture/results and on standard output. A bench that is run for one
 * Node.js only, or is ended in the middle, leaves the other rows as they were; each row says when it was measured, and
 * how busy the machine was then.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Table {
  /** The first cells are the key: a row that has it already is replaced. */
  row(cells: readonly (string | number)[]): void;
}

/**
 * @param name of the file in bench/capture/results, without its ending
 * @param intro the title and what the columns mean
 * @param keys how many of the columns tell rows apart
 */
export function openTable(name: string, intro: readonly string[], columns: readonly string[], keys: number): Table {
  const file = fileURLToPath(new URL(`results/${name}.md`, import.meta.url));
  const head = line([...columns, 'machine, when']);
  const rule = `|${'---|'.repeat(columns.length + 1)}`;
  const rows = new Map<string, string[]>();
  for (const cells of rowsOf(file, head)) rows.set(cells.slice(0, keys).join(), cells);
  console.log(`${intro.join('\n\n')}\n\n${head}\n${rule}`);
  return {
    row: (cells) => {
      const texts = [...cells.map(String), machine()];
      console.log(line(texts));
      rows.set(texts.slice(0, keys).join(), texts);
      const sorted = [...rows.values()].sort((a, b) => compare(a.slice(0, keys), b.slice(0, keys)));
      mkdirSync(new URL('results/', import.meta.url), { recursive: true });
      writeFileSync(file, `${[...intro, ''].join('\n\n')}${[head, rule, ...sorted.map(line)].join('\n')}\n`);
    },
  };
}

/** Value of `--name value` on the command line. */
export function flag(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** The same, as a list of numbers: `--node 20,24`. */
export function numbers(name: string): number[] | undefined {
  return flag(name)?.split(',').map(Number);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What an earlier run has left, if its table had the same columns. */
function rowsOf(file: string, head: string): string[][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const lines = text.split('\n').filter((each) => each.startsWith('|'));
  const squeezed = lines.map((each) => each.replace(/ +/g, ' '));
  if (squeezed[0] !== head) return [];
  return squeezed.slice(2).map((each) =>
    each
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function compare(a: readonly string[], b: readonly string[]): number {
  const collator = new Intl.Collator('en', { numeric: true });
  return a.map((cell, at) => collator.compare(cell, b[at] ?? '')).find((order) => order !== 0) ?? 0;
}

/** What a figure was measured on, and when. */
export function machine(): string {
  const [first] = cpus();
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown'}, load ${load}, ${new Date().toISOString().slice(0, 10)}`;
}
