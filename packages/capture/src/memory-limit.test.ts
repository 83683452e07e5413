import { describe, expect, it } from 'vitest';
import {
  bindingLimits,
  containerLimitBytes,
  containerMemory,
  countOutOfMemoryKills,
  freeMemoryBytes,
} from './memory-limit.ts';

const machine = 16e9;
const files =
  (all: Record<string, string>) =>
  (file: string): string | null =>
    all[file] ?? null;

const version2 = files({
  '/proc/self/cgroup': '0::/pod/app\n',
  '/sys/fs/cgroup/pod/app/memory.max': 'max\n',
  '/sys/fs/cgroup/pod/memory.max': '500000000\n',
  '/sys/fs/cgroup/pod/memory.current': '300000000\n',
  '/sys/fs/cgroup/pod/memory.stat': 'anon 1\ninactive_file 100000000\n',
  '/proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable:    1000000 kB\n',
});

const version1 = files({
  '/proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/unified\n',
  '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '9223372036854771712\n',
  '/sys/fs/cgroup/memory/docker/memory.limit_in_bytes': '900000000\n',
  '/sys/fs/cgroup/memory/docker/memory.usage_in_bytes': '850000000\n',
  '/sys/fs/cgroup/memory/docker/memory.stat': 'inactive_file 1\ntotal_inactive_file 50000000\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
});

describe('containerMemory', () => {
  it('reads the limit of an ancestor where the own group has none (cgroup v2)', () => {
    expect(containerMemory(version2, machine)).toEqual({ limitBytes: 500e6, usedBytes: 200e6 });
  });

  it('reads cgroup v1, in a hybrid system too', () => {
    expect(containerMemory(version1, machine)).toMatchObject({ limitBytes: 900e6 });
  });

  it('takes the group with the least room, and the limit that is the smallest', () => {
    const read = files({
      '/proc/self/cgroup': '0::/a/b\n',
      '/sys/fs/cgroup/a/b/memory.max': '100',
      '/sys/fs/cgroup/a/b/memory.current': '10',
      '/sys/fs/cgroup/a/memory.max': '1000',
      '/sys/fs/cgroup/a/memory.current': '990',
    });
    expect(containerMemory(read, machine)).toEqual({ limitBytes: 1000, usedBytes: 990 });
    expect(containerLimitBytes(read, machine, undefined)).toBe(100);
  });

  it('says null where nothing can be read, or the limit is above the machine', () => {
    expect(containerMemory(files({}), machine)).toBeNull();
    expect(containerMemory(version2, 400e6)).toBeNull();
    expect(containerMemory(files({ '/proc/self/cgroup': '\n0::\n::::\n0::/../../x\nnonsense' }), machine)).toBeNull();
  });
});

describe('bindingLimits', () => {
  const pod = {
    '/proc/self/cgroup': '0::/pod/app\n',
    '/sys/fs/cgroup/pod/app/memory.max': 'max\n',
    '/sys/fs/cgroup/pod/app/memory.high': 'max\n',
    '/sys/fs/cgroup/pod/app/memory.current': '100000000\n',
    '/sys/fs/cgroup/pod/memory.max': '500000000\n',
    '/sys/fs/cgroup/pod/memory.current': '300000000\n',
    '/sys/fs/cgroup/pod/memory.oom.group': '0\n',
  };

  it('knows that a container dies as a whole at the limit of its pod, when the container says so', () => {
    expect(bindingLimits(files(pod), machine)).toMatchObject([{ limitBytes: 500e6, killsGroup: false }]);
    const asWhole = files({ ...pod, '/sys/fs/cgroup/pod/app/memory.oom.group': '1\n' });
    expect(bindingLimits(asWhole, machine)).toMatchObject([{ limitBytes: 500e6, killsGroup: true }]);
  });

  it('says nothing of what dies at a limit further down', () => {
    const above = files({
      ...pod,
      '/sys/fs/cgroup/pod/app/memory.max': '200000000\n',
      '/sys/fs/cgroup/pod/memory.oom.group': '1\n',
    });
    expect(bindingLimits(above, machine)).toMatchObject([{ killsGroup: false }, { killsGroup: true }]);
  });

  it('tells where a group is slowed down, which leaves less room and is no limit to run out of', () => {
    const slowed = files({ ...pod, '/sys/fs/cgroup/pod/app/memory.high': '150000000\n' });
    expect(bindingLimits(slowed, machine)).toMatchObject([
      { limitBytes: 150e6, usedBytes: 100e6, throttles: true, killsGroup: false },
      { limitBytes: 500e6, throttles: false },
    ]);
    expect(containerMemory(slowed, machine)).toEqual({ limitBytes: 150e6, usedBytes: 100e6 });
    expect(containerLimitBytes(slowed, machine, undefined)).toBe(500e6);
  });
});

describe('containerLimitBytes', () => {
  it('takes what Node says where it is sane, and not what means unlimited or unknown', () => {
    expect(containerLimitBytes(files({}), machine, 200e6)).toBe(200e6);
    for (const insane of [0, undefined, 18446744073709552000, machine]) {
      expect(containerLimitBytes(files({}), machine, insane)).toBeNull();
    }
  });
});

describe('freeMemoryBytes', () => {
  it('is the less of what the machine and the container have', () => {
    expect(freeMemoryBytes(version2, machine)).toBe(300e6);
    expect(freeMemoryBytes(files({ '/proc/meminfo': 'MemAvailable: 1000 kB\n' }), machine)).toBe(1_024_000);
    expect(freeMemoryBytes(files({}), machine)).toBeNull();
  });
});

describe('countOutOfMemoryKills', () => {
  const group = '/sys/fs/cgroup/memory/shop/memory.oom_control';
  const all: Record<string, string> = {
    '/proc/self/cgroup': '0::/own\n',
    '/sys/fs/cgroup/own/memory.events': 'oom 2\noom_kill 2\n',
    '/proc/7/cgroup': '4:memory:/shop\n0::/\n',
    [group]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
  };

  it('counts from now on, in the group of the process, also when that has gone', () => {
    const [own, others] = [countOutOfMemoryKills(undefined, files(all)), countOutOfMemoryKills(7, files(all))];
    expect([own(), others()]).toEqual([0, 0]);
    all[group] = 'oom_kill 6\n';
    Reflect.deleteProperty(all, '/proc/7/cgroup');
    expect([own(), others()]).toEqual([0, 1]);
  });

  it('knows nothing where the kernel does not say, or the group is gone', () => {
    expect(countOutOfMemoryKills(8, files(all))()).toBeNull();
    const count = countOutOfMemoryKills(undefined, files(all));
    Reflect.deleteProperty(all, '/sys/fs/cgroup/own/memory.events');
    expect(count()).toBeNull();
  });
});
