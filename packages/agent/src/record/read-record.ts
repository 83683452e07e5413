/** Reads what a recorder has left. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  formatVersion,
  magic,
  sampleFields,
  slotBytes,
  slotKind,
  unseal,
  type RecordedSample,
  type Slot,
} from './format.ts';
import { runs, type RecordOwner } from './owner.ts';

/** One note. */
export interface RecordedNote {
  timeMs: number;
  kind: string;
  text: string;
}

/** A record, as far as it can be read. */
export interface ProcessRecord extends RecordOwner {
  /** Oldest first. */
  samples: RecordedSample[];
  notes: RecordedNote[];
  /** What stood to the end, by place. */
  standing: RecordedNote[];
  /** Whether the process ended in order, as far as it knew. */
  endedInOrder: boolean;
  /** Whether it runs, as far as can be told from here. */
  running: boolean;
  /** Slots that are not what was written: cut off in the middle, or damaged. */
  tornSlots: number;
  /** Records that newer ones have taken the place of. */
  overwritten: number;
}

/** No file of a recorder is longer. */
const mostBytes = 64 * 2 ** 20;

/** Reads the first slot only. @returns null when the file is no record. @throws errors of the file system */
export function readOwner(file: string): RecordOwner | null {
  return ownerIn(readBytes(file, slotBytes).bytes);
}

/** @returns null when the file is no record, or its first slot is damaged; otherwise what can be read. @throws errors of the file system */
export function readRecord(file: string): ProcessRecord | null {
  const { bytes, writtenMs } = readBytes(file, mostBytes);
  const owner = ownerIn(bytes);
  if (owner === null) return null;
  const record: ProcessRecord = {
    ...owner,
    samples: [],
    notes: [],
    standing: [],
    endedInOrder: false,
    running: false,
    tornSlots: 0,
    overwritten: 0,
  };
  const slots: Slot[] = [];
  for (let at = slotBytes; at + slotBytes <= bytes.length; at += slotBytes) {
    const slot = unseal(bytes.subarray(at, at + slotBytes));
    if (slot === 'torn') record.tornSlots++;
    else if (slot?.kind === slotKind.standing) {
      if (slot.payload.length > 0) record.standing.push(noteOf(slot));
    } else if (slot !== null) slots.push(slot);
  }
  // A file that was cut off has lost the slots behind.
  if (bytes.length % slotBytes !== 0) record.tornSlots++;
  slots.sort((a, b) => a.number - b.number);
  for (const slot of slots) {
    if (slot.kind === slotKind.sample) record.samples.push(sampleOf(slot));
    else if (slot.kind === slotKind.note) record.notes.push(noteOf(slot));
    record.endedInOrder = slot.kind === slotKind.end;
  }
  record.overwritten = slots[0]?.number ?? 0;
  record.running = !record.endedInOrder && runs(owner, writtenMs, Date.now());
  return record;
}

function readBytes(file: string, most: number): { bytes: Buffer; writtenMs: number } {
  const descriptor = openSync(file, 'r');
  try {
    const { size, mtimeMs: writtenMs } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(most, size));
    let held = 0;
    while (held < bytes.length) {
      const read = readSync(descriptor, bytes, held, bytes.length - held, held);
      if (read === 0) break;
      held += read;
    }
    return { bytes: bytes.subarray(0, held), writtenMs };
  } finally {
    closeSync(descriptor);
  }
}

function ownerIn(bytes: Buffer): RecordOwner | null {
  const first = bytes.length < slotBytes ? null : unseal(bytes.subarray(0, slotBytes));
  if (first === null || first === 'torn' || first.kind !== slotKind.header || first.version !== formatVersion)
    return null;
  if (bytes.toString('latin1', 8, 16) !== magic) return null;
  let said: Record<string, unknown> = {};
  try {
    said = JSON.parse(first.payload.toString('utf8')) as Record<string, unknown>;
  } catch {
    // The checksum is right: another version has written something else there.
  }
  const text = (name: string): string => (typeof said[name] === 'string' ? said[name] : '');
  const number = (name: string): number => (typeof said[name] === 'number' ? said[name] : 0);
  return {
    pid: number('pid'),
    threadId: number('threadId'),
    nodeVersion: text('nodeVersion'),
    command: text('command'),
    service: text('service'),
    host: text('host'),
    startTicks: number('startTicks'),
    startedAtMs: first.timeMs,
  };
}

function sampleOf({ timeMs, payload }: Slot): RecordedSample {
  const sample = { timeMs } as RecordedSample;
  for (const [at, field] of sampleFields.entries()) {
    const value = at * 8 + 8 <= payload.length ? payload.readDoubleLE(at * 8) : NaN;
    sample[field] = Number.isFinite(value) ? value : null;
  }
  return sample;
}

function noteOf({ timeMs, payload }: Slot): RecordedNote {
  // A character that was cut at the end of the slot is left away.
  const text = payload.toString('utf8').replace(/\ufffd$/, '');
  const tab = text.indexOf('\t');
  return { timeMs, kind: text.slice(0, Math.max(0, tab)), text: text.slice(tab + 1) };
}
