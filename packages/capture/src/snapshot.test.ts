import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureErrorCodes } from './error.ts';
import { errorOf } from './fixtures/error-of.ts';
import { captureSnapshotInline } from './snapshot.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ebb-capture-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const plenty = { heapUsedBytes: 100e6, diskFreeBytes: 1e12, memoryFreeBytes: 1e12 };

describe('captureSnapshotInline', () => {
  it('writes a whole snapshot for its owner only, whatever the umask, and says how long it took', () => {
    const file = join(directory, 'a.heapsnapshot');
    const capture = captureSnapshotInline(file, { measureRoom: () => plenty });
    expect(capture).toMatchObject({ file, method: 'inline', bytes: statSync(file).size });
    expect(capture.pauseMs).toBeGreaterThan(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { snapshot, strings } = JSON.parse(readFileSync(file, 'utf8')) as {
      snapshot: { node_count: number };
      strings: string[];
    };
    expect(snapshot.node_count).toBeGreaterThan(1000);
    expect(strings).toContain('CaptureError');
  });

  it('leaves a file alone that exists', () => {
    const file = join(directory, 'evidence');
    writeFileSync(file, 'older evidence');
    expect(errorOf(() => captureSnapshotInline(file, { measureRoom: () => plenty }))).toMatchObject({
      code: 'EBB_CAPTURE_EXISTS',
      message: expect.stringContaining(file) as string,
    });
    expect(readFileSync(file, 'utf8')).toBe('older evidence');
  });

  it('says with a code where no file can be made', () => {
    const file = join(directory, 'missing', 'x');
    expect(errorOf(() => captureSnapshotInline(file, { measureRoom: () => plenty })).code).toBe('EBB_CAPTURE_FILE');
    chmodSync(directory, 0o700);
    expect(errorOf(() => captureSnapshotInline(directory, { measureRoom: () => plenty })).code).toBe(
      'EBB_CAPTURE_EXISTS',
    );
  });

  it('refuses before it writes anything when the disk or the memory is clearly too small', () => {
    const file = join(directory, 'big');
    const disk = errorOf(() =>
      captureSnapshotInline(file, { measureRoom: () => ({ ...plenty, diskFreeBytes: 199e6 }) }),
    );
    expect(disk.code).toBe('EBB_CAPTURE_NO_DISK');
    expect(disk.message).toBe(
      `A snapshot of 100 MB of heap needs about 200 MB on the disk, and ${directory} has 199 MB left. ` +
        'Free some, or name a file on another disk.',
    );
    const memory = errorOf(() =>
      captureSnapshotInline(file, { measureRoom: () => ({ ...plenty, memoryFreeBytes: 699e6 }) }),
    );
    expect(memory.code).toBe('EBB_CAPTURE_NO_MEMORY');
    expect(memory.message).toContain('needs up to 700 MB of memory');
    expect(existsSync(file)).toBe(false);
  });

  it('goes ahead where the room is not known', () => {
    const unknown = { heapUsedBytes: 1, diskFreeBytes: null, memoryFreeBytes: null };
    expect(captureSnapshotInline(join(directory, 'b'), { measureRoom: () => unknown }).bytes).toBeGreaterThan(0);
  });

  it('removes what did not become whole, and says so', () => {
    // V8 that stops in the middle, as on a disk that fills up meanwhile.
    const file = join(directory, 'gone');
    const error = errorOf(() =>
      captureSnapshotInline(file, {
        measureRoom: () => plenty,
        write: () => {
          writeFileSync(file, '{"snapshot":{');
        },
      }),
    );
    expect(error.code).toBe('EBB_CAPTURE_INCOMPLETE');
    expect(existsSync(file)).toBe(false);
  });
});

describe('captureErrorCodes', () => {
  it('are all written as EBB_CAPTURE_…, each with its meaning', () => {
    for (const [code, meaning] of Object.entries(captureErrorCodes)) {
      expect(code).toMatch(/^EBB_CAPTURE_[A-Z_]+$/);
      expect(meaning.length).toBeGreaterThan(10);
    }
  });
});
