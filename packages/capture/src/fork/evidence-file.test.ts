import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAddon } from './addon.ts';
import { createEvidenceFile, endsWhole } from './evidence-file.ts';

// Two ways to the same file: one without a name, and one with a name of its own where the file system can do no better.

const found = findAddon();
if (!('addon' in found)) throw new Error(`These tests need the addon: ${found.missing}`);
const withoutHiddenFiles = {
  hiddenFile: () => -constants.errno.EOPNOTSUPP,
  nameFile: () => constants.errno.EINVAL,
  closeFile: closeSync,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-evidence-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  ['a file without a name', found.addon, []],
  ['a file with a name of its own', withoutHiddenFiles, [expect.stringMatching(/^\.a\.\d+\.[0-9a-f]{12}\.part$/)]],
])('%s', (_, addon, meanwhile) => {
  it('appears under its name when it is whole, for its owner only', () => {
    const file = join(folder, 'a');
    const evidence = createEvidenceFile(addon, file);
    writeSync(evidence.fd, '{"whole":1}');
    expect(readdirSync(folder)).toEqual(meanwhile);
    expect(endsWhole(evidence.fd)).toBe(true);
    expect(evidence.publish()).toBe(11);
    evidence.remove();
    expect(readdirSync(folder)).toEqual(['a']);
    expect(readFileSync(file, 'utf8')).toBe('{"whole":1}');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing when it is given up', () => {
    const evidence = createEvidenceFile(addon, join(folder, 'a'));
    writeSync(evidence.fd, '{"cut');
    expect(endsWhole(evidence.fd)).toBe(false);
    evidence.remove();
    evidence.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never replaces what has come under its name, before or meanwhile', () => {
    const file = join(folder, 'a');
    const evidence = createEvidenceFile(addon, file);
    writeFileSync(file, 'older');
    expect(() => createEvidenceFile(addon, file)).toThrow(expect.objectContaining({ code: 'EBB_CAPTURE_EXISTS' }));
    expect(() => evidence.publish()).toThrow(expect.objectContaining({ code: 'EBB_CAPTURE_EXISTS' }));
    evidence.remove();
    expect(readFileSync(file, 'utf8')).toBe('older');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('says with a code that the folder is missing, or has gone', () => {
    const missing = expect.objectContaining({ code: 'EBB_CAPTURE_FILE' }) as Error;
    expect(() => createEvidenceFile(addon, join(folder, 'none', 'a'))).toThrow(missing);
    const evidence = createEvidenceFile(addon, join(folder, 'a'));
    rmSync(folder, { recursive: true });
    expect(() => evidence.publish()).toThrow(missing);
    evidence.remove();
    expect(existsSync(folder)).toBe(false);
  });
});
