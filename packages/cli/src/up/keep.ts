/** Backups of the server's data, and their way back. */
import { backUp, checkNode, restore, type DatabasePlace } from '@ebb/server';
import { printable } from '../wording/printable.ts';
import { bytes } from '../wording/quantities.ts';

/** @throws {Error} with a code EBB_SERVER_…, when the backup cannot be made */
export async function makeBackup(place: DatabasePlace, file: string): Promise<void> {
  checkNode(process.versions.node);
  const made = await backUp(place, file);
  process.stdout.write(`backed up to ${printable(made.file)}, ${bytes(made.bytes)}\n`);
}

/** @throws {Error} with a code EBB_SERVER_…, when the backup cannot be restored */
export async function restoreBackup(file: string, place: DatabasePlace): Promise<void> {
  checkNode(process.versions.node);
  const where = await restore(file, place);
  process.stdout.write(`restored to ${printable(where)}\n`);
}
