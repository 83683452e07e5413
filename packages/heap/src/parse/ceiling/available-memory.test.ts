import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { availableMemory } from './available-memory.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A root with these files. */
function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'ebb-memory-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const meminfo =
  'MemTotal:       8000000 kB\nMemFree:  100 kB\nMemAvailable:    4000000 kB\nSwapFree:         500000 kB\n';
const MB = 2 ** 20;

test('without limits it is what the machine has available, and its swap', () => {
  const root = tree({ 'proc/meminfo': meminfo, 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.current': '5' });
  expect(availableMemory(root, 'linux')).toEqual({ bytes: 4_500_000 * 1024, of: 'this machine' });
});

test('a limit of cgroup v2 counts from what is used, less the file cache', () => {
  const root = tree({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': `${512 * MB}\n`,
    'sys/fs/cgroup/memory.current': `${300 * MB}\n`,
    'sys/fs/cgroup/memory.stat': `anon 1\nfile 3\ninactive_file ${100 * MB}\nactive_file 7\n`,
  });
  expect(availableMemory(root, 'linux')).toEqual({ bytes: 312 * MB, of: 'this container' });
});

test('the nearest of the limits around the process counts, wherever it stands above it', () => {
  const group = 'sys/fs/cgroup/kubepods';
  const root = tree({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '0::/kubepods/pod/container\n',
    [`${group}/memory.max`]: `${800 * MB}`,
    [`${group}/memory.current`]: `${700 * MB}`,
    [`${group}/pod/memory.max`]: 'max',
    [`${group}/pod/memory.current`]: `${700 * MB}`,
    [`${group}/pod/container/memory.max`]: `${600 * MB}`,
    [`${group}/pod/container/memory.current`]: `${200 * MB}`,
  });
  expect(availableMemory(root, 'linux')).toEqual({ bytes: 100 * MB, of: 'this container' });
});

test('cgroup v1 likewise; no limit is a very large one', () => {
  const files = (limit: string): Record<string, string> => ({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '9:name=systemd:/\n5:cpu,memory:/docker/x\n',
    'sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes': limit,
    'sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes': `${300 * MB}\n`,
    'sys/fs/cgroup/memory/docker/x/memory.stat': `inactive_file 5\ntotal_inactive_file ${50 * MB}\n`,
  });
  const limited = files(`${400 * MB}\n`);
  limited['sys/fs/cgroup/memory/docker/x/memory.stat'] = `cache 1\ntotal_inactive_file ${50 * MB}\n`;
  expect(availableMemory(tree(limited), 'linux')).toEqual({ bytes: 150 * MB, of: 'this container' });
  expect(availableMemory(tree(files('9223372036854771712\n')), 'linux').of).toBe('this machine');
});

test('a container that sees only its own group finds the limit at the root', () => {
  const root = tree({
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '5:memory:/docker/unseen\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': `${256 * MB}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': `${256 * MB + 1}\n`,
  });
  expect(availableMemory(root, 'linux')).toEqual({ bytes: 0, of: 'this container' });
});

test('on this machine, and on those without /proc, it is a plausible figure', () => {
  expect(availableMemory().bytes).toBeGreaterThan(10 * MB);
  expect(availableMemory('/', 'darwin').bytes).toBe(totalmem());
  expect(availableMemory('/', 'win32').bytes).toBeLessThanOrEqual(totalmem());
  expect(availableMemory(tree({}), 'linux').bytes).toBeGreaterThan(freemem() / 10);
});
