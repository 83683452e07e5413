import { createAgentListener, type AgentListener } from '@ebb/agent';
import { checkReportPlace } from '../report/write-file.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { sweepAbandonedFolders, TemporaryFolder } from './temporary-folder.ts';

/** What a watch works in, until it is over. */
export interface WatchPlace {
  readonly folder: TemporaryFolder;
  readonly store: SnapshotStore;
  readonly listener: AgentListener;
}

/**
 * Makes what a watch works in, and takes it away on any way out: snapshots and the socket are removed.
 *
 * @throws {CliError} when a folder or file cannot be used, before the work began
 */
export async function inWatchPlace<T>(
  options: { readonly reportFile: string | null; readonly keepSnapshots: string | null; readonly pid?: number },
  work: (place: WatchPlace) => Promise<T>,
): Promise<T> {
  const { reportFile, keepSnapshots, pid } = options;
  if (reportFile !== null) checkReportPlace(reportFile);
  sweepAbandonedFolders();
  const folder = new TemporaryFolder();
  const removeFolder = (): void => {
    folder.remove();
  };
  process.on('exit', removeFolder);
  try {
    const store = new SnapshotStore({ temporary: folder.path, keep: keepSnapshots });
    const parentDirectory = folder.path;
    const listener = await createAgentListener(pid === undefined ? { parentDirectory } : { parentDirectory, pid });
    try {
      return await work({ folder, store, listener });
    } finally {
      await listener.stop();
    }
  } finally {
    folder.remove();
    process.off('exit', removeFolder);
  }
}
