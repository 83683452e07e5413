import { statSync } from 'node:fs';
import { HeapError } from '../../errors/heap-error.ts';
import { isStandardInput } from './open-source.ts';

/** Throws where standard input or a pipe is named twice: what was read once is gone. */
export function refuseTwice(files: readonly string[]): void {
  const seen = new Set<string>();
  for (const file of files) {
    const identity = isStandardInput(file) ? 'standard input' : pipeIdentity(file);
    if (identity === undefined) continue;
    if (seen.has(identity)) {
      throw new HeapError(
        'EBB_HEAP_FILE_UNREADABLE',
        `${isStandardInput(file) ? identity : file} is named twice, but a pipe can be read once. Write one of the snapshots to a file.`,
      );
    }
    seen.add(identity);
  }
}

function pipeIdentity(file: string): string | undefined {
  try {
    const stat = statSync(file);
    return stat.isFIFO() ? `${stat.dev} ${stat.ino}` : undefined;
  } catch {
    return undefined; // told when it is opened
  }
}
