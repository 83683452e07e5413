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

/** A record, as far as it can be read. */
export interface ProcessRecord {
  pid: number;
  threadId: number;
  nodeVersion: string;
  command: string;
  startedAtMs: number;
  /** Oldest first. */
  samples: RecordedSample[];
  notes: { timeMs: number; kind: string; text: string }[];
  /** Whether the process ended in order, as far as it knew. */
  endedInOrder: boolean;
  /** Slots that are not what was written: cut off in the middle, or damaged. */
  tornSlots: number;
  /** Records that newer ones have taken the place of. */
  overwritten: number;
}

/** No file of a recorder is longer. */
const mostBytes = 64 * 2 ** 20;

/** @returns null when the file is no record, or its first slot is damaged; otherwise what can be read. @throws errors of the file system */
export function readRecord(file: string): ProcessRecord | null {
  const bytes = readWhole(file);
  const first = bytes.length < slotBytes ? null : unseal(bytes.subarray(0, slotBytes));
  if (first === null || first === 'torn' || first.kind !== slotKind.header || first.version !== formatVersion)
    return null;
  if (bytes.toString('latin1', 8, 16) !== magic) return null;
  const record: ProcessRecord = {
    ...ownerOf(first),
    startedAtMs: first.timeMs,
    samples: [],
    notes: [],
    endedInOrder: false,
    tornSlots: 0,
    overwritten: 0,
  };
  const slots: Slot[] = [];
  for (let at = slotBytes; at + slotBytes <= bytes.length; at += slotBytes) {
    const slot = unseal(bytes.subarray(at, at + slotBytes));
    if (slot === 'torn') record.tornSlots++;
    else if (slot !== null) slots.push(slot);
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
  return record;
}

function readWhole(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(mostBytes, fstatSync(descriptor).size));
    let held = 0;
    while (held < bytes.length) {
      const read = readSync(descriptor, bytes, held, bytes.length - held, held);
      if (read === 0) break;
      held += read;
    }
    return bytes.subarray(0, held);
  } finally {
    closeSync(descriptor);
  }
}

function ownerOf({ payload }: Slot): Pick<ProcessRecord, 'pid' | 'threadId' | 'nodeVersion' | 'command'> {
  let said: Record<string, unknown> = {};
  try {
    said = JSON.parse(payload.toString('utf8')) as Record<string, unknown>;
  } catch {
    // The checksum is right: another version has written something else there.
  }
  const { pid, threadId, nodeVersion, command } = said;
  return {
    pid: typeof pid === 'number' ? pid : 0,
    threadId: typeof threadId === 'number' ? threadId : 0,
    nodeVersion: typeof nodeVersion === 'string' ? nodeVersion : '',
    command: typeof command === 'string' ? command : '',
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

function noteOf({ timeMs, payload }: Slot): ProcessRecord['notes'][number] {
  // A character that was cut at the end of the slot is left away.
  const text = payload.toString('utf8').replace(/\ufffd$/, '');
  const tab = text.indexOf('\t');
  return { timeMs, kind: text.slice(0, Math.max(0, tab)), text: text.slice(tab + 1) };
}
