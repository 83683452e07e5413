/** The records of a service's processes whose end nobody has told yet. */
import { renameSync } from 'node:fs';
import { endedFiles, toldName } from './folder.ts';
import { plain } from './owner.ts';
import { readRecord, type ProcessRecord } from './read-record.ts';

/** A record whose process has ended without closing it. */
export interface EndedRecord {
  /** Where it lies now. */
  file: string;
  /** When it was written to last: the process lived then. */
  writtenMs: number;
  record: ProcessRecord;
}

/**
 * Takes them over, the newest first: of several processes that start at once, each record goes to one, by the name that it
 * is given. Never throws; what cannot be read is left alone. Costs a look at the folder, and the reading of what is taken.
 */
export function claimEnded(directory: string, service: string, nowMs: number): EndedRecord[] {
  const claimed: EndedRecord[] = [];
  try {
    for (const { path, told, writtenMs, owner } of endedFiles(directory, nowMs)) {
      if (told || owner.service !== plain(service, 64)) continue;
      const file = toldName(path);
      try {
        renameSync(path, file);
        const record = readRecord(file);
        if (record !== null && !record.endedInOrder) claimed.push({ file, writtenMs, record });
      } catch {
        // Another process has taken it.
      }
    }
  } catch {
    // There is no such folder.
  }
  return claimed;
}
