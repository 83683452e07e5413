import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32, sampleFields, slotBytes, standingPlaces, type RecordedSample } from './format.ts';
import { claimEnded, openRecorder, readRecord, tellEnd, usualFolder, type ProcessRecord } from './index.ts';

/** The slots before the ring. */
const before = 1 + standingPlaces;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ebb-record-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function sampleAt(timeMs: number, more: Partial<RecordedSample> = {}): RecordedSample {
  const nothing = Object.fromEntries(sampleFields.map((field) => [field, null]));
  return { ...nothing, timeMs, heapUsedBytes: timeMs * 10, ...more } as RecordedSample;
}

const read = (file: string): ProcessRecord => readRecord(file)!;

test('what is recorded is read again, in order, and the file is its owner’s', () => {
  const recorder = openRecorder({ directory, command: 'node server.js', startedAtMs: 5, now: () => 77 })!;
  const samples = [sampleAt(1), sampleAt(2, { gcCpuShare: 0.25, requests: 12 }), sampleAt(3)];
  recorder.add(samples[0]);
  recorder.note({ kind: 'warning', text: 'MaxListenersExceededWarning 11 listeners' });
  recorder.add(samples[1]);
  recorder.add(samples[2]);
  expect(read(recorder.file)).toEqual({
    pid: process.pid,
    threadId: 0,
    nodeVersion: process.version,
    command: 'node server.js',
    service: '',
    host: hostname(),
    startTicks: expect.any(Number) as number,
    startedAtMs: 5,
    samples,
    notes: [{ timeMs: 77, kind: 'warning', text: 'MaxListenersExceededWarning 11 listeners' }],
    standing: [],
    endedInOrder: false,
    running: true,
    tornSlots: 0,
    overwritten: 0,
  });
  expect(statSync(recorder.file)).toMatchObject({ size: 262_144 });
  expect(statSync(recorder.file).mode & 0o777).toBe(0o600);
  recorder.close();
  expect(read(recorder.file).endedInOrder).toBe(true);
  recorder.add(samples[0]);
  expect(recorder.lost).toBe(1);
});

test('the file stays as large as it is, and keeps the newest', () => {
  const recorder = openRecorder({ directory, bytes: (before + 10) * slotBytes })!;
  for (let at = 1; at <= 1000; at++) recorder.add(sampleAt(at));
  expect(statSync(recorder.file).size).toBe((before + 10) * slotBytes);
  const { samples, overwritten } = read(recorder.file);
  expect(samples.map(({ timeMs }) => timeMs)).toEqual([991, 992, 993, 994, 995, 996, 997, 998, 999, 1000]);
  expect(overwritten).toBe(990);
  recorder.close({ remove: true });
  expect(existsSync(recorder.file)).toBe(false);
});

test('a write that was cut off at any byte costs that one record, and is counted', () => {
  const recorder = openRecorder({ directory, bytes: (before + 5) * slotBytes })!;
  for (let at = 1; at <= 8; at++) recorder.add(sampleAt(at));
  const earlier = readFileSync(recorder.file);
  recorder.add(sampleAt(9));
  const after = readFileSync(recorder.file);
  // Record number 8 takes the place of number 3, in the ring's fourth slot: sample 4 was there.
  const at = (before + 3) * slotBytes;
  for (let bytes = 0; bytes <= slotBytes; bytes++) {
    const torn = Buffer.from(earlier);
    after.copy(torn, at, at, at + bytes);
    writeFileSync(recorder.file, torn);
    const { samples, tornSlots } = read(recorder.file);
    const times = samples.map(({ timeMs }) => timeMs);
    const isOld = torn.equals(earlier);
    const isNew = torn.equals(after);
    expect(times).toEqual(isOld ? [4, 5, 6, 7, 8] : isNew ? [5, 6, 7, 8, 9] : [5, 6, 7, 8]);
    expect(tornSlots).toBe(isOld || isNew ? 0 : 1);
  }
  recorder.close();
});

test('any damaged byte of a record is seen, and a file that was cut off is read as far as it goes', () => {
  const recorder = openRecorder({ directory, bytes: (before + 4) * slotBytes })!;
  for (let at = 1; at <= 4; at++) recorder.add(sampleAt(at));
  const whole = readFileSync(recorder.file);
  for (let at = (before + 1) * slotBytes; at < (before + 2) * slotBytes; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] ^= 0x40;
    writeFileSync(recorder.file, damaged);
    expect(read(recorder.file)).toMatchObject({ tornSlots: 1, samples: [{ timeMs: 1 }, { timeMs: 3 }, { timeMs: 4 }] });
  }
  writeFileSync(recorder.file, whole);
  truncateSync(recorder.file, (before + 2) * slotBytes + 100);
  expect(read(recorder.file)).toMatchObject({ tornSlots: 1, samples: [{ timeMs: 1 }, { timeMs: 2 }] });
  for (const size of [0, 10, slotBytes - 1]) {
    truncateSync(recorder.file, size);
    expect(readRecord(recorder.file)).toBeNull();
  }
  writeFileSync(recorder.file, 'something else '.repeat(100));
  expect(readRecord(recorder.file)).toBeNull();
});

test('notes and names that are too long are cut, between characters', () => {
  const recorder = openRecorder({ directory, command: 'ä"\n'.repeat(500) })!;
  recorder.note({ kind: 'a\tb', text: '€'.repeat(500) });
  const { command, notes } = read(recorder.file);
  expect(command).toMatch(/^(?:ä"\n)+ä?"?$/);
  expect(notes[0]?.kind).toBe('a b');
  expect(notes[0]?.text).toMatch(/^€{70,80}$/);
});

test('nothing is thrown where no file can be made', () => {
  expect(openRecorder({ directory: '/proc/no' })).toBeNull();
  const recorder = openRecorder({ directory, startedAtMs: 1 })!;
  expect(openRecorder({ directory, startedAtMs: 1 })).toBeNull();
  recorder.close();
});

test('of processes that have ended a few records are kept, of those that run all', () => {
  const { pid } = spawnSync('true');
  for (let at = 0; at < 12; at++) openRecorder({ directory, pid, startedAtMs: at, bytes: 1024 })!.close();
  for (let at = 0; at < 3; at++) openRecorder({ directory, startedAtMs: at, bytes: 1024, keep: 2 })!.close();
  const files = readdirSync(directory);
  expect(files.filter((file) => file.includes(`-${pid}-`))).toHaveLength(2);
  expect(files.filter((file) => file.includes(`-${process.pid}-`))).toHaveLength(3);
});

test('what stands is not lost when the ring comes round, until something else is said in its place', () => {
  const recorder = openRecorder({ directory, bytes: (before + 3) * slotBytes, now: () => 9 })!;
  recorder.stand(0, { kind: 'verdict', text: 'leak', timeMs: 4 });
  recorder.stand(1, { kind: 'request', text: 'GET /a' });
  recorder.stand(15, { kind: 'request', text: 'GET /b' });
  recorder.stand(16, { kind: 'request', text: 'there is no such place' });
  for (let at = 1; at <= 50; at++) recorder.add(sampleAt(at));
  recorder.stand(1, null);
  expect(read(recorder.file)).toMatchObject({
    standing: [
      { timeMs: 4, kind: 'verdict', text: 'leak' },
      { timeMs: 9, kind: 'request', text: 'GET /b' },
    ],
    samples: [{ timeMs: 48 }, { timeMs: 49 }, { timeMs: 50 }],
  });
  recorder.close();
});

test('a descriptor that the program has closed and used again is never written to', () => {
  const recorder = openRecorder({ directory })!;
  const descriptor = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === recorder.file;
    } catch {
      return false;
    }
  });
  closeSync(Number(descriptor));
  const other = join(directory, 'other');
  const taken = openSync(other, 'w');
  expect(taken).toBe(Number(descriptor));
  recorder.add(sampleAt(1));
  recorder.stand(0, { kind: 'a', text: 'b' });
  recorder.close();
  expect(statSync(other).size).toBe(0);
  expect(recorder).toMatchObject({ lost: 2, open: false });
  closeSync(taken);
});

test('a file that was removed is not written any more', () => {
  const recorder = openRecorder({ directory })!;
  rmSync(recorder.file);
  recorder.add(sampleAt(1));
  expect(recorder).toMatchObject({ lost: 1, open: false });
});

describe('claimEnded', () => {
  const { pid } = spawnSync('true');

  test('takes over, once, what processes of the same service have left without closing it', () => {
    const options = { directory, pid, bytes: 8192 };
    const left = openRecorder({ ...options, service: 'shop ⚑', startedAtMs: 1 })!;
    left.add(sampleAt(3));
    openRecorder({ ...options, service: 'else', startedAtMs: 2 });
    openRecorder({ ...options, service: 'shop ⚑', startedAtMs: 3 })!.close();
    openRecorder({ ...options, service: 'shop ⚑', startedAtMs: 4 })!.close({ told: true });
    openRecorder({ directory, bytes: 8192, service: 'shop ⚑', startedAtMs: 5 });
    const claimed = claimEnded(directory, 'shop ⚑', Date.now());
    expect(claimed).toMatchObject([
      { file: join(directory, `ended-${pid}-0-1.ebb`), record: { pid, startedAtMs: 1, samples: [{ timeMs: 3 }] } },
    ]);
    expect(claimEnded(directory, 'shop ⚑', Date.now())).toEqual([]);
    expect(claimEnded(join(directory, 'missing'), 'shop', 0)).toEqual([]);
  });

  test('a process with the same number that was started at another time is another one', () => {
    const recorder = openRecorder({ directory, service: 'shop' })!;
    expect(claimEnded(directory, 'shop', Date.now())).toEqual([]);
    const bytes = readFileSync(recorder.file);
    const ticks = String(read(recorder.file).startTicks);
    const at = bytes.indexOf(ticks);
    bytes.write(
      ticks.replace(/^./, (digit) => (digit === '1' ? '2' : '1')),
      at,
    );
    bytes.writeUInt32LE(crc32(bytes.subarray(4, slotBytes)), 0);
    writeFileSync(recorder.file, bytes);
    expect(claimEnded(directory, 'shop', Date.now())).toHaveLength(1);
  });

  test('a process of another host counts as ended when it has been silent for a while', () => {
    const recorder = openRecorder({ directory, pid, service: 'shop' })!;
    const bytes = readFileSync(recorder.file);
    const at = bytes.indexOf('"host":"') + 8;
    bytes[at] = bytes[at] === 0x78 ? 0x79 : 0x78;
    bytes.writeUInt32LE(crc32(bytes.subarray(4, slotBytes)), 0);
    writeFileSync(recorder.file, bytes);
    expect(claimEnded(directory, 'shop', Date.now())).toEqual([]);
    expect(claimEnded(directory, 'shop', Date.now() + 130_000)).toHaveLength(1);
  });
});

test('the usual folder is not one that somebody else may write to', () => {
  const own = usualFolder(directory)!;
  expect(own).toMatch(/ebb-records-/);
  mkdirSync(own, { mode: 0o700 });
  expect(usualFolder(directory)).toBe(own);
  chmodSync(own, 0o777);
  expect(usualFolder(directory)).toBeNull();
  rmSync(own, { recursive: true });
  symlinkSync(directory, own);
  expect(usualFolder(directory)).toBeNull();
});

test('the checksum is that of zlib', () => {
  for (const text of ['', 'a', '123456789', 'ä'.repeat(100)]) expect(crc32(Buffer.from(text))).toBe(zlibCrc32(text));
});

describe('tellEnd', () => {
  const full = sampleAt(60_000, { heapUsedBytes: 94, heapLimitBytes: 100, rssBytes: 97, rssLimitBytes: 100 });
  const empty = sampleAt(60_000, { heapUsedBytes: 10, heapLimitBytes: 100, rssBytes: 20, rssLimitBytes: 100 });
  const nobody = { exitCode: null, signal: null };
  test.each([
    [full, { exitCode: 134, signal: null }, 'heap-limit', false],
    [empty, { exitCode: null, signal: 'SIGABRT' }, 'aborted', true],
    [full, { exitCode: 137, signal: null }, 'killed-for-memory', false],
    [full, { exitCode: null, signal: 'SIGKILL', outOfMemoryKill: false }, 'killed', true],
    [empty, { exitCode: null, signal: 'SIGKILL', outOfMemoryKill: true }, 'killed-for-memory', true],
    [empty, { exitCode: null, signal: 'SIGKILL' }, 'killed', true],
    [full, { exitCode: 1, signal: null }, 'ended', true],
    [full, nobody, 'heap-limit', false],
    [empty, nobody, 'killed', false],
    [empty, { ...nobody, outOfMemoryKill: true }, 'killed-for-memory', false],
  ] as const)('%#: an end is told from its code and the last sample', (last, end, cause, sure) => {
    expect(tellEnd({ samples: [last], endedInOrder: false }, end)).toMatchObject({ cause, sure });
  });

  test('says since when the floor grew, and how fast', () => {
    const floors = [50, 30, 31, 30, 40, 50, 60].map((mb, minute) =>
      sampleAt(minute * 60_000, { floorTimeMs: minute * 60_000, floorHeapBytes: mb * 1e6, floorExternalBytes: 0 }),
    );
    expect(tellEnd({ samples: floors, endedInOrder: false }, nobody).growth).toEqual({
      sinceMs: 180_000,
      bytesPerSecond: 30e6 / 180,
    });
    expect(tellEnd({ samples: floors.slice(0, 3), endedInOrder: false }, nobody).growth).toBeNull();
    expect(tellEnd({ samples: [], endedInOrder: true }, nobody)).toMatchObject({
      cause: 'ended',
      growth: null,
      last: null,
    });
  });
});
