import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder that holds everything the storefront keeps on disk. */
export interface DataFolder {
  readonly path: string;
  readonly customersFile: string;
  /** One file a customer. */
  readonly ordersFolder: string;
  /** Removes the folder if it was only made for this process. */
  stop(): Promise<void>;
}

/** Opens the folder at `path`, or a temporary one for `null`. */
export async function openDataFolder(path: string | null): Promise<DataFolder> {
  const folder = path ?? (await mkdtemp(join(tmpdir(), 'storefront-')));
  const ordersFolder = join(folder, 'orders');
  await mkdir(ordersFolder, { recursive: true });
  return {
    path: folder,
    customersFile: join(folder, 'customers.jsonl'),
    ordersFolder,
    async stop(): Promise<void> {
      if (path === null) await rm(folder, { recursive: true, force: true });
    },
  };
}
