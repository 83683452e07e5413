import { join } from 'node:path';
import { CaptureError, captureSnapshotInline, writeSourceMaps } from '@ebb/capture';
import { TestError } from '../errors/test-error.ts';
import type { Work } from '../trial/work-rig.ts';

/** Work in this thread, which stands still while a snapshot is written. */
interface OwnWork extends Work {
  snapshot(file: string): 'inline';
}

/** A function that runs in this thread, beside all else that the process does. */
export function ownWork(run: (call: number) => unknown, { name, folder }: { name: string; folder: string }): OwnWork {
  let maps: string | undefined | null = null;
  return {
    run,
    snapshot: (file) => {
      // Test runners compile what they run in memory; without their maps places would be those of the compiled text.
      if (maps === null) maps = ownSourceMaps(join(folder, 'source-maps'));
      try {
        captureSnapshotInline(file);
        return 'inline';
      } catch (cause) {
        if (!(cause instanceof CaptureError)) throw cause;
        const why = `${cause.message} (${cause.code})`;
        throw new TestError('EBB_TEST_NO_SNAPSHOT', `no heap snapshot of '${name}': ${why}`, { cause });
      }
    },
    sourceMaps: () => maps ?? undefined,
  };
}

function ownSourceMaps(folder: string): string | undefined {
  try {
    return writeSourceMaps(folder).maps > 0 ? folder : undefined;
  } catch {
    return undefined; // no inspector: places are told as they run
  }
}
