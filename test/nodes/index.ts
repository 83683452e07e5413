/**
 * The Node.js versions that Ebb's runtime packages promise to run on, as real binaries.
 *
 * They come from npm (`npm ci --prefix test/nodes`), as aliases of the packages that hold the
 * binary for one platform, so that a test needs nothing but a registry. Linux x64 and arm64.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The major versions that Ebb's runtime packages promise to run on. */
const promisedMajors: readonly number[] = [20, 22, 24, 26];

/** One Node.js to test on: its major version and the absolute path of its binary. */
export interface TestNode {
  major: number;
  path: string;
}

let found: TestNode[] | undefined;

/**
 * The Node.js binaries that are installed here, oldest first; never empty, because the Node that
 * runs the tests stands in when none is. Says on standard error, once, which are missing: a test
 * run that covered one version must not look like one that covered four. With `CI` set, a missing
 * version is an error.
 */
export function availableNodes(): TestNode[] {
  if (found !== undefined) return found;
  const missing: number[] = [];
  const nodes: TestNode[] = [];
  for (const major of promisedMajors) {
    const suffix = process.arch === 'arm64' ? '-arm64' : '';
    const path = fileURLToPath(new URL(`./node_modules/node-${String(major)}${suffix}/bin/node`, import.meta.url));
    if (existsSync(path) && runs(path, major)) nodes.push({ major, path });
    else missing.push(major);
  }
  if (missing.length > 0) {
    const text =
      `NODE VERSIONS MISSING: tests do NOT cover Node ${missing.join(', ')} ` +
      `on ${process.platform} ${process.arch}. Install them with: npm ci --prefix test/nodes`;
    if (process.env['CI'] !== undefined && process.platform === 'linux') throw new Error(text);
    const bar = '!'.repeat(78);
    process.stderr.write(`\n${bar}\n${text}\n${bar}\n\n`);
  }
  if (nodes.length === 0) {
    nodes.push({ major: Number(process.versions.node.split('.')[0]), path: process.execPath });
  }
  found = nodes;
  return nodes;
}

/** A binary for another C library or kernel exists but does not start: that counts as missing. */
function runs(path: string, major: number): boolean {
  const answer = spawnSync(path, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return answer.status === 0 && answer.stdout.startsWith(`${String(major)}.`);
}
