/**
 * Keeps the last minutes of a process in a file, so that they are known after it was killed. What has been written is in
 * the kernel's hands: SIGKILL, an abort and an exhausted heap do not take it away. A record is one write of 256 bytes.
 */
import { closeSync, fstatSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeOld, toldName } from './folder.ts';
import {
  magic,
  payloadBytes,
  sampleFields,
  seal,
  slotBytes,
  slotKind,
  standingPlaces,
  type RecordedSample,
} from './format.ts';
import { plain, thisHost, ticksOf } from './owner.ts';

/** Whose record it is, and where it is kept. */
export interface RecorderOptions {
  /** The agent's own folder; made with mode 0700 where it is missing. */
  directory: string;
  pid?: number;
  threadId?: number;
  /** What the program is called, without its secrets; cut where it is long. */
  command?: string;
  /** What the service is called: by this its next process finds the record. Cut to 64 characters. */
  service?: string;
  startedAtMs?: number;
  /** Of the file. Default 262144: 1007 records, a quarter of an hour at one a second. */
  bytes?: number;
  now?: () => number;
  /** How many records of processes that have ended are left in the folder. Default 8. */
  keep?: number;
}

/** A recorder that runs. Nothing here throws: when the file cannot be written any more, it stops recording. */
export interface Recorder {
  readonly file: string;
  /** How many records could not be written. */
  readonly lost: number;
  /** Whether anything can still be recorded: false when the file was closed, removed, or refuses. */
  readonly open: boolean;
  add(sample: RecordedSample): void;
  /** Something worth knowing afterwards: a warning, a verdict. Cut to 200 bytes or so. */
  note(event: { kind: string; text: string }): void;
  /**
   * The same for what holds from now on, until something else is said at its place (0 to 15): it is not lost when the ring
   * comes round. Null: nothing stands there any more.
   */
  stand(place: number, event: { kind: string; text: string; timeMs?: number } | null): void;
  /** The process ends in order. With `remove` the record goes as well; with `told` nobody need tell of its end any more. */
  close(options?: { remove?: boolean; told?: boolean }): void;
}

/** So many failures in a row, and the file is given up: a disk that was full may have room again. */
const mostFailures = 10;

/** Opens a recorder; null when its file cannot be made. Never throws. Costs one write of the whole file. */
export function openRecorder(options: RecorderOptions): Recorder | null {
  const { directory, pid = process.pid, threadId = 0, bytes = 262_144, now = Date.now, keep = 8 } = options;
  const startedAtMs = options.startedAtMs ?? Math.round(now());
  const file = join(directory, `record-${pid}-${threadId}-${startedAtMs}.ebb`);
  let descriptor: number | null = null;
  try {
    makeFolder(directory);
    removeOld(directory, keep, now());
    descriptor = openSync(file, 'wx', 0o600);
    const slots = Math.max(2 + standingPlaces, Math.floor(bytes / slotBytes));
    // The room is taken now: a disk that is full later does not matter.
    const whole = Buffer.alloc(slots * slotBytes);
    const header = {
      pid,
      threadId,
      nodeVersion: process.version,
      host: thisHost(),
      startTicks: ticksOf(pid),
      service: plain(options.service ?? '', 64),
    };
    const json = fitting((command) => JSON.stringify({ ...header, command }), options.command ?? '');
    const length = whole.write(json, 24, payloadBytes, 'utf8');
    seal(whole.subarray(0, slotBytes), slotKind.header, magic, startedAtMs, length);
    for (let at = 0; at < whole.length;) at += writeSync(descriptor, whole, at, whole.length - at, at);
    return new RingRecorder(file, descriptor, slots, now);
  } catch {
    if (descriptor !== null) giveBack(descriptor, file);
    return null;
  }
}

/** A file that could not be written whole is of no use to anybody. */
function giveBack(descriptor: number, file: string): void {
  try {
    closeSync(descriptor);
    unlinkSync(file);
  } catch {
    // Then it stays.
  }
}

class RingRecorder implements Recorder {
  readonly file: string;
  lost = 0;
  readonly #slots: number;
  readonly #now: () => number;
  readonly #device: number;
  readonly #inode: number;
  /** Used again for each record: recording allocates nothing. */
  readonly #buffer = Buffer.alloc(slotBytes);
  #descriptor: number | null;
  #number = 0;
  #failures = 0;

  constructor(file: string, descriptor: number, slots: number, now: () => number) {
    this.file = file;
    this.#descriptor = descriptor;
    this.#slots = slots - 1 - standingPlaces;
    this.#now = now;
    const { dev, ino } = fstatSync(descriptor);
    this.#device = dev;
    this.#inode = ino;
  }

  get open(): boolean {
    return this.#descriptor !== null;
  }

  add(sample: RecordedSample): void {
    let at = 24;
    for (const field of sampleFields) at = this.#buffer.writeDoubleLE(sample[field] ?? NaN, at);
    this.#append(slotKind.sample, sample.timeMs, at - 24);
  }

  note(event: { kind: string; text: string }): void {
    this.#append(slotKind.note, this.#now(), this.#text(event));
  }

  stand(place: number, event: { kind: string; text: string; timeMs?: number } | null): void {
    if (place < 0 || place >= standingPlaces) return;
    const length = event === null ? 0 : this.#text(event);
    this.#write(slotKind.standing, place, event?.timeMs ?? this.#now(), length, 1 + place);
  }

  close(options: { remove?: boolean; told?: boolean } = {}): void {
    if (this.#descriptor === null) return;
    this.#append(slotKind.end, this.#now(), 0);
    this.#giveUp();
    try {
      if (options.remove === true) unlinkSync(this.file);
      else if (options.told === true) renameSync(this.file, toldName(this.file));
    } catch {
      // Whoever removed it before was right.
    }
  }

  #text({ kind, text }: { kind: string; text: string }): number {
    return this.#buffer.write(`${kind.replaceAll('\t', ' ')}\t${text}`, 24, payloadBytes, 'utf8');
  }

  #append(kind: number, timeMs: number, length: number): void {
    const slot = 1 + standingPlaces + (this.#number % this.#slots);
    if (this.#write(kind, this.#number, timeMs, length, slot)) this.#number++;
  }

  #write(kind: number, number: number, timeMs: number, length: number, slot: number): boolean {
    try {
      if (this.#descriptor !== null && this.#isOurs(this.#descriptor)) {
        seal(this.#buffer, kind, number, timeMs, length);
        writeSync(this.#descriptor, this.#buffer, 0, slotBytes, slot * slotBytes);
        this.#failures = 0;
        return true;
      }
    } catch {
      this.#failures++;
      if (this.#failures >= mostFailures) this.#giveUp();
    }
    this.lost++;
    return false;
  }

  /**
   * The program may have closed the descriptor, and its number may be that of one of the program's own files by now: that
   * is never written to. A file that was removed is written for nobody.
   */
  #isOurs(descriptor: number): boolean {
    const { dev, ino, nlink } = fstatSync(descriptor);
    const same = dev === this.#device && ino === this.#inode;
    if (same && nlink > 0) return true;
    if (same) this.#giveUp();
    else this.#descriptor = null;
    return false;
  }

  #giveUp(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    try {
      if (descriptor !== null) closeSync(descriptor);
    } catch {
      // The program has closed it: then it is not ours any more.
    }
  }
}

/** Cuts the part of a text that may be cut until the whole fits. */
function fitting(whole: (part: string) => string, part: string): string {
  let kept = part.slice(0, payloadBytes);
  while (kept !== '' && Buffer.byteLength(whole(kept)) > payloadBytes) kept = kept.slice(0, -1);
  return whole(kept);
}
