// A bench's table: printed, and kept in results/ where that is asked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The machine, for the line above a table: what it is, and how busy with other things. */
export function machine(): string {
  const [load = 0] = loadavg();
  return `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load ${load.toFixed(1)} (the bench included), Node.js ${process.versions.node}`;
}

/** @param name of the file in results/, without its ending; null where it is not to be kept */
export function showTable(table: string, name: string | null): void {
  console.log(table);
  if (name === null) return;
  const results = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(`${results}${name}.md`, table);
}
