import { appendFile, open, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * An append-only file with one JSON record a line. Nothing of it stays in memory.
 *
 * A line that a crash cut off at the end is skipped on reading: it was never acknowledged.
 */
export class JsonLinesFile<Entry> {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Writes the records behind those that are there. */
  async append(...records: readonly Entry[]): Promise<void> {
    if (records.length === 0) return;
    const text = records.map((record) => JSON.stringify(record)).join('\n');
    await appendFile(this.path, `${text}\n`, { mode: 0o600 });
  }

  /** All records, oldest first. A file that does not exist yet has none. */
  async *read(): AsyncGenerator<Entry> {
    const handle = await openIfThere(this.path);
    if (handle === null) return;
    const lines = createInterface({
      input: createReadStream(this.path, { fd: handle, encoding: 'utf8' }),
      crlfDelay: Infinity,
    });
    for await (const line of lines) {
      const record = parseLine(line);
      if (record !== undefined) yield record as Entry;
    }
  }

  /**
   * The last records, newest first, at most `count` of them and no more than fit in the file's last
   * `maxBytes`.
   */
  async readLast(count: number, maxBytes: number = 32 * 1024): Promise<Entry[]> {
    const handle = await openIfThere(this.path);
    if (handle === null) return [];
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - maxBytes);
      const buffer = Buffer.alloc(size - start);
      await handle.read(buffer, 0, buffer.length, start);
      const lines = buffer.toString('utf8').split('\n');
      if (start > 0) lines.shift(); // the window begins in the middle of a record
      const records: Entry[] = [];
      for (let index = lines.length - 1; index >= 0 && records.length < count; index--) {
        const record = parseLine(lines[index] ?? '');
        if (record !== undefined) records.push(record as Entry);
      }
      return records;
    } finally {
      await handle.close();
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseLine(line: string): unknown {
  if (line === '') return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
