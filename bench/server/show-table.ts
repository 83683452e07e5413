// A bench's table: printed, and kept in results/ where that is asked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param name of the file in results/, without its ending; null where it is not to be kept */
export function showTable(table: string, name: string | null): void {
  console.log(table);
  if (name === null) return;
  const results = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(`${results}${name}.md`, table);
}
