import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ebb } from '../fixtures/run-ebb.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-audit-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

const lockOf = (packages: Record<string, object>) => ({
  lockfileVersion: 3,
  packages: { '': { name: 'shop' }, ...packages },
});
const leaky = lockOf({
  'node_modules/lru-cache': { version: '7.0.3' },
  'node_modules/ws': { version: '8.18.0' },
  'node_modules/jest-circus': { version: '25.5.2', dev: true },
});

interface Told {
  format: string;
  packages: number;
  node: { version: string };
  findings: { id: string; package: string; version: string; moveTo: string; isDev: boolean; sources: string[] }[];
}
// What the Node.js that runs the tests leaks is not the lock file's.
const packagesOf = ({ findings }: Told) => findings.filter((each) => each.package !== 'node');

test('a package in a version known to leak is told, with the version that mended it and where that is written', async () => {
  const { stdout, stderr, code } = await ebb(['audit', folderOf({ 'package-lock.json': leaky }), '--json']);
  const told = JSON.parse(stdout.toString()) as Told;
  expect(stderr).toBe('');
  expect(told.format).toBe('ebb.audit/1');
  expect(told.packages).toBe(3);
  expect(packagesOf(told)).toMatchObject([
    { package: 'lru-cache', version: '7.0.3', moveTo: '7.0.4', isDev: false },
    { package: 'jest-circus', version: '25.5.2', moveTo: '25.5.3', isDev: true },
  ]);
  expect(code).toBe(1);
});

test('the words for people name package, version, leak, mend and source', async () => {
  const { stdout, code } = await ebb([
    'audit',
    folderOf({ 'package-lock.json': leaky, 'package.json': { engines: { node: '>=18' } } }),
  ]);
  const text = stdout.toString().replaceAll(/\s+/gu, ' '); // lines are broken to the width
  expect(text).toContain('lru-cache 7.0.3');
  expect(text).toMatch(/Mended in 7\.0\.4; since which version is not recorded/u);
  expect(text).toMatch(/https:\/\/github\.com\/isaacs\/node-lru-cache\/commit\//u);
  expect(text).toContain('jest-circus 25.5.2 (development only)');
  expect(text).toContain('note: engines.node (>=18) allows Node.js 18, whose support has ended.');
  expect(text).toMatch(/ found: 3 packages and Node\.js /u);
  expect(code).toBe(1);
});

test('--omit dev leaves out what only development needs', async () => {
  const { stdout } = await ebb(['audit', folderOf({ 'package-lock.json': leaky }), '--json', '--omit', 'dev']);
  expect(packagesOf(JSON.parse(stdout.toString()) as Told).map((each) => each.package)).toEqual(['lru-cache']);
});

test('packages in mended versions are no finding', async () => {
  const folder = folderOf({ 'package-lock.json': lockOf({ 'node_modules/lru-cache': { version: '7.0.4' } }) });
  const { stdout, code } = await ebb(['audit', folder, '--json']);
  const told = JSON.parse(stdout.toString()) as Told & { node: { isOver: boolean } };
  expect(packagesOf(told)).toEqual([]);
  expect(code).toBe(told.findings.length > 0 || told.node.isOver ? 1 : 0);
});

test('the SARIF log points at the line of the lock file', async () => {
  const folder = folderOf({ 'package-lock.json': leaky });
  await ebb(['audit', folder, '--sarif', join(folder, 'audit.sarif')]);
  const log = JSON.parse(readFileSync(join(folder, 'audit.sarif'), 'utf8')) as {
    runs: {
      results: { message: { text: string }; locations: { physicalLocation: { region: { startLine: number } } }[] }[];
    }[];
  };
  const result = log.runs[0].results.find(({ message }) => message.text.startsWith('lru-cache 7.0.3'));
  const line =
    JSON.stringify(leaky, null, 2)
      .split('\n')
      .findIndex((each) => each.includes('lru-cache')) + 1;
  expect(result?.locations[0].physicalLocation.region.startLine).toBe(line);
});

test.each([
  ['a folder without a lock file', {}, /there is no lock file in .*EBB_CLI_AUDIT_NO_LOCKFILE/u],
  [
    'a lock file that is no JSON',
    { 'package-lock.json': '{"lockf' },
    /cannot be read as a lock file.*EBB_CLI_AUDIT_LOCKFILE/u,
  ],
  [
    'a lock file of a version to come',
    { 'package-lock.json': '{"lockfileVersion":9}' },
    /lockfileVersion is 9.*EBB_CLI_AUDIT_LOCKFILE/u,
  ],
])('%s ends with 2 and words', async (_, files, words) => {
  const { stdout, stderr, code } = await ebb(['audit', folderOf(files)]);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(words);
});

test('a folder that does not exist ends with 2', async () => {
  const { stderr, code } = await ebb(['audit', '/nowhere/at/all']);
  expect(code).toBe(2);
  expect(stderr).toContain("'/nowhere/at/all' is no folder (EBB_CLI_AUDIT_NO_LOCKFILE)");
});
