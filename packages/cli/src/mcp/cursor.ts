/** Where a list goes on, as a word that a client hands back. It is of one question about one state of a file only. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';

/** What a cursor belongs to: a tool, the files it was asked about, and everything else that was asked. */
export interface CursorOwner {
  tool: string;
  files: string[];
  question: unknown;
}

/** The cursor of the next page; undefined where there is none. */
export function cursorOf(owner: CursorOwner, next: number | null): string | undefined {
  return next === null ? undefined : `${String(next)}.${stampOf(owner)}`;
}

/** The offset that a cursor stands for, 0 without one; throws EBB_CLI_STALE_CURSOR where it is of another question. */
export function offsetOf(owner: CursorOwner, cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const [, offset, stamp] = /^(\d{1,9})\.([\w-]+)$/u.exec(cursor) ?? [];
  if (offset !== undefined && stamp === stampOf(owner)) return Number(offset);
  throw new CliError(
    'EBB_CLI_STALE_CURSOR',
    `the cursor '${cursor.slice(0, 40)}' is not of this question, or the file was written again`,
  );
}

function stampOf({ tool, files, question }: CursorOwner): string {
  const states = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return [file, stat?.size, stat?.mtimeMs];
  });
  return createHash('sha256')
    .update(JSON.stringify([tool, states, question]))
    .digest('base64url')
    .slice(0, 12);
}
