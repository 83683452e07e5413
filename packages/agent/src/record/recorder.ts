/**
 * Keeps the last minutes of a process in a file, so that they are known after it was killed. What has been written is in
 * the kernel's hands: SIGKILL, an abort and an exhausted heap do not take it away. A record is one write of 256 bytes.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { magic, payloadBytes, sampleFields, seal, slotBytes, slotKind, type RecordedSample } from './format.ts';

/** Whose record it is, and where it is kept. */
export interface RecorderOptions {
  /** The agent's own folder; made with mode 0700 where it is missing. */
  directory: string;
  pid?: number;
  threadId?: number;
  /** What the program is called, without its secrets; cut where it is long. */
  command?: string;
  startedAtMs?: number;
  /** Of the file. Default 262144: 1023 records, a quarter of an hour at one a second. */
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
  add(sample: RecordedSample): void;
  /** Something worth knowing afterwards: a warning, a request in flight, a verdict. Cut to 200 bytes or so. */
  note(event: { kind: string; text: string }): void;
  /** The process ends in order. With `remove` the record goes as well. */
  close(options?: { remove?: boolean }): void;
}

const name = /^record-(\d+)-\d+-\d+\.ebb$/;

/** Opens a recorder; null when its file cannot be made. Never throws. Costs one write of the whole file. */
export function openRecorder(options: RecorderOptions): Recorder | null {
  const { directory, pid = process.pid, threadId = 0, bytes = 262_144, now = Date.now, keep = 8 } = options;
  const startedAtMs = options.startedAtMs ?? Math.round(now());
  try {
    makeDirectory(directory);
    removeOld(directory, keep);
    const file = join(directory, `record-${pid}-${threadId}-${startedAtMs}.ebb`);
    const descriptor = openSync(file, 'wx', 0o600);
    const slots = Math.max(2, Math.floor(bytes / slotBytes));
    // The room is taken now: a disk that is full later does not matter.
    const whole = Buffer.alloc(slots * slotBytes);
    const header = { pid, threadId, nodeVersion: process.version, command: options.command ?? '' };
    const json = fitting((command) => JSON.stringify({ ...header, command }), header.command);
    const length = whole.write(json, 24, payloadBytes, 'utf8');
    seal(whole.subarray(0, slotBytes), slotKind.header, magic, startedAtMs, length);
    writeSync(descriptor, whole, 0, whole.length, 0);
    return new RingRecorder(file, descriptor, slots - 1, now);
  } catch {
    return null;
  }
}

class RingRecorder implements Recorder {
  readonly file: string;
  lost = 0;
  readonly #slots: number;
  readonly #now: () => number;
  /** Used again for each record: recording allocates nothing. */
  readonly #buffer = Buffer.alloc(slotBytes);
  #descriptor: number | null;
  #number = 0;

  constructor(file: string, descriptor: number, slots: number, now: () => number) {
    this.file = file;
    this.#descriptor = descriptor;
    this.#slots = slots;
    this.#now = now;
  }

  add(sample: RecordedSample): void {
    let at = 24;
    for (const field of sampleFields) at = this.#buffer.writeDoubleLE(sample[field] ?? NaN, at);
    this.#write(slotKind.sample, sample.timeMs, at - 24);
  }

  note({ kind, text }: { kind: string; text: string }): void {
    const length = this.#buffer.write(`${kind.replaceAll('\t', ' ')}\t${text}`, 24, payloadBytes, 'utf8');
    this.#write(slotKind.note, this.#now(), length);
  }

  close(options: { remove?: boolean } = {}): void {
    if (this.#descriptor === null) return;
    this.#write(slotKind.end, this.#now(), 0);
    this.#giveUp();
    try {
      if (options.remove === true) unlinkSync(this.file);
    } catch {
      // Whoever removed it before was right.
    }
  }

  #write(kind: number, timeMs: number, length: number): void {
    if (this.#descriptor === null) {
      this.lost++;
      return;
    }
    try {
      seal(this.#buffer, kind, this.#number, timeMs, length);
      writeSync(this.#descriptor, this.#buffer, 0, slotBytes, (1 + (this.#number % this.#slots)) * slotBytes);
      this.#number++;
    } catch {
      this.lost++;
      this.#giveUp();
    }
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

/** Not by `recursive: true`, which never comes back on file systems that take no folders (`/proc`; Node.js 20 and 24). */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(directory);
    if (code !== 'ENOENT' || parent === directory || existsSync(parent)) throw error;
    makeDirectory(parent);
    mkdirSync(directory, { mode: 0o700 });
  }
}

/** Cuts the part of a text that may be cut until the whole fits. */
function fitting(whole: (part: string) => string, part: string): string {
  let kept = part.slice(0, payloadBytes);
  while (kept !== '' && Buffer.byteLength(whole(kept)) > payloadBytes) kept = kept.slice(0, -1);
  return whole(kept);
}

/** Records of processes that run stay; of the others the newest. */
function removeOld(directory: string, keep: number): void {
  const ended = readdirSync(directory)
    .filter((file) => name.test(file) && !isAlive(Number(name.exec(file)?.[1])))
    .map((file) => ({ path: join(directory, file), writtenMs: statSync(join(directory, file)).mtimeMs }))
    .sort((a, b) => b.writtenMs - a.writtenMs);
  for (const { path } of ended.slice(keep)) unlinkSync(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
