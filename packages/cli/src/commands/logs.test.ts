import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { bin, ebb, node } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  time: string | null;
  kind: string;
  line: number;
  origin: Record<string, unknown>;
  figures: Record<string, number>;
  assumed: string[];
  said: string;
}

let logs = 0;
function logOf(text: string | Buffer): string {
  const file = join(folder, `${++logs}.log`);
  writeFileSync(file, text);
  // Stamps without a year are read by it.
  utimesSync(file, new Date('2026-11-21T00:00:00Z'), new Date('2026-11-21T00:00:00Z'));
  return file;
}

async function eventsIn(...texts: (string | Buffer)[]): Promise<Told[]> {
  const { stdout, code, stderr } = await ebb(['logs', '--json', ...texts.map(logOf)]);
  expect(stderr).toBe('');
  const { format, events } = JSON.parse(stdout.toString()) as { format: string; events: Told[] };
  expect(format).toBe('ebb.logs/1');
  expect(code).toBe(events.length === 0 ? 0 : 1);
  return events;
}

const container = '60ef727c9751aac9084702bca274544f94f1bb070ace95e8a79911c22b01a91d';
const kernel = `Nov 15 23:04:52 web-1 kernel: node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
Nov 15 23:04:52 web-1 kernel: memory: usage 458752kB, limit 458752kB, failcnt 21
Nov 15 23:04:52 web-1 kernel: [ 51947]     0 51947   114974   114737   970752        0             0 node
Nov 15 23:04:52 web-1 kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=docker-${container}.scope,mems_allowed=0,oom_memcg=/system.slice/docker-${container}.scope,task_memcg=/system.slice/docker-${container}.scope,task=node,pid=51947,uid=0
Nov 15 23:04:52 web-1 kernel: Memory cgroup out of memory: Killed process 51947 (node) total-vm:459896kB, anon-rss:458176kB, file-rss:772kB, shmem-rss:0kB, UID:0 pgtables:948kB oom_score_adj:0
Nov 15 23:04:52 web-1 kernel: oom_reaper: reaped process 51947 (node), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
`;

test('what the kernel says of a kill on six lines is one event, with the process, its container, its size and the limit', async () => {
  expect(await eventsIn(kernel)).toEqual([
    expect.objectContaining({
      time: '2026-11-15T23:04:52.000Z',
      kind: 'kernel-oom-cgroup',
      line: 5,
      assumed: ['year', 'zone'],
      origin: { host: 'web-1', name: 'node', pid: 51_947, container: container.slice(0, 12) },
      figures: {
        virtualBytes: 459_896 * 1024,
        anonymousBytes: 458_176 * 1024,
        fileBytes: 772 * 1024,
        sharedBytes: 0,
        rssBytes: 458_948 * 1024,
        limitBytes: 458_752 * 1024,
      },
    }),
  ]);
});

test.each<[string, string, string, Record<string, unknown>]>([
  [
    '[1234.567000] Out of memory: Killed process 4567 (my app (x)) total-vm:8kB, anon-rss:5kB, file-rss:0kB, shmem-rss:0kB',
    'the kernel, of the machine',
    'kernel-oom-global',
    { pid: 4567, name: 'my app (x)' },
  ],
  [
    'Out of memory: Kill process 42 (node) score 900 or sacrifice child',
    'an old kernel',
    'kernel-oom-global',
    { pid: 42, name: 'node' },
  ],
  [
    'kern:     err: [2026-07-25T14:23:17.527285605Z]: Memory cgroup out of memory: Killed process 109324 (bun) total-vm:79kB, anon-rss:52kB',
    'Talos',
    'kernel-oom-cgroup',
    { pid: 109_324 },
  ],
  [
    'W1120 10:00:00.123456 1234 x.go:9] System OOM encountered, victim process: node, pid: 77',
    'the kubelet',
    'kernel-oom-global',
    { pid: 77, name: 'node' },
  ],
  [
    'Nov 20 10:00:00 h systemd[1]: shop.service: A process of this unit has been killed by the OOM killer.',
    'systemd',
    'systemd-oom',
    { unit: 'shop.service' },
  ],
  [
    "Nov 20 10:00:00 h systemd[1]: shop.service: Failed with result 'oom-kill'.",
    'systemd, at the end',
    'systemd-oom',
    { unit: 'shop.service' },
  ],
  [
    'Nov 20 10:00:00 h systemd[1]: shop.service: Main process exited, code=dumped, status=6/ABRT',
    'systemd, of an abort',
    'exit-134',
    { unit: 'shop.service' },
  ],
  [
    `2026-11-20T10:00:00.123456789Z container oom ${container} (image=web:1, name=web)`,
    'docker events',
    'container-oom',
    { container: 'web' },
  ],
  [
    `2026-11-20T10:00:00.123456789Z container die ${container} (execDuration=12, exitCode=137, name=web)`,
    'docker events, of the end',
    'exit-137',
    { container: 'web' },
  ],
  [
    `{"status":"oom","id":"${container}","Type":"container","Action":"oom","Actor":{"ID":"${container}","Attributes":{"name":"web"}},"time":1795168800,"timeNano":1795168800123456789}`,
    'docker events as JSON',
    'container-oom',
    { container: 'web' },
  ],
  ['            "OOMKilled": true,', 'docker inspect', 'container-oom', {}],
  ['web-0   0/1   OOMKilled   3 (2m ago)   10m', 'kubectl get pods', 'container-oom', {}],
  ['      Exit Code:    137', 'kubectl describe', 'exit-137', {}],
  [
    '3m26s  Warning  Evicted  pod/web-1  The node was low on resource: memory. Container web was using 1924152Ki, which exceeds its request of 0.',
    'kubectl get events',
    'kubernetes-evicted',
    { pod: 'web-1', container: 'web' },
  ],
  [
    '{"kind":"Event","reason":"OOMKilling","message":"see the node","involvedObject":{"kind":"Pod","name":"web-1"},"lastTimestamp":"2026-11-20T10:00:00Z"}',
    'an event of Kubernetes',
    'container-oom',
    { pod: 'web-1' },
  ],
  [
    "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
    'glibc',
    'allocation-failed',
    {},
  ],
  ['Error: spawn ENOMEM', 'a fork that failed', 'allocation-failed', {}],
  [
    'web-1  | #\nweb-1  | # Fatal JavaScript out of memory: Reached heap limit\nweb-1  | #',
    'V8 in a compose log',
    'v8-heap-limit',
    { container: 'web-1' },
  ],
  ['web-1 exited with code 137', 'docker compose', 'exit-137', {}],
  [
    JSON.stringify({
      level: 50,
      time: 1_795_168_800_000,
      pid: 31,
      hostname: 'h',
      err: {
        type: 'RangeError',
        message: 'Array buffer allocation failed',
        stack: 'RangeError: Array buffer allocation failed\n    at new ArrayBuffer',
      },
    }),
    'pino',
    'array-buffer-failed',
    { pid: 31, host: 'h' },
  ],
  [
    JSON.stringify({
      log: `${JSON.stringify({ message: 'ERR_WORKER_OUT_OF_MEMORY', service: 'shop' })}\n`,
      stream: 'stderr',
      time: '2026-11-20T10:00:00Z',
    }),
    'JSON in JSON',
    'worker-heap-limit',
    { name: 'shop' },
  ],
])('%s (%s) is one %s', async (text, _from, kind, origin) => {
  const events = await eventsIn(text);
  expect(events.map((event) => event.kind)).toEqual([kind]);
  expect(events[0].origin).toMatchObject(origin);
});

const collections = {
  'stop the world':
    '[21194:0x2cd17000]      740 ms: Mark-Compact 50.9 (96.7) -> 48.0 (112.5) MB, pooled: 0 MB, 301.35 / 0.00 ms  (average mu = 0.442, current mu = 0.085) allocation failure; scavenge might not succeed\n',
  'in steps, lines run together':
    ', [21194:0x1bee6000]      706 ms: Incremental Mark-Compact (reduce) 28.5 (29.8) -> 28.5 (29.8) MB, pooled: 0.0 MB, 46.43 / 0.00 ms (+ 0.0 ms in 0 steps since start of marking, biggest step 0.0 ms, walltime since start of marking 47 ms) (average mu = 0.313, [21194:0x1bee6000]      740 ms: Incremental Mark-Compact (reduce) 48.5 (49.8) -> 48.0 (112.5) MB, pooled: 0.0 MB, 301.35 / 0.00 ms (+ 0.0 ms in 0 ',
};
test.each(Object.entries(collections))(
  'the last collection before the limit tells process, heap and pause: %s',
  async (_, lines) => {
    const [event] = await eventsIn(
      `\n<--- Last few GCs --->\n${lines}\nFATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory\n`,
    );
    expect(event).toMatchObject({
      kind: 'v8-heap-limit',
      origin: { pid: 21194 },
      figures: {
        heapUsedBytes: 48 * 2 ** 20,
        heapCommittedBytes: 112.5 * 2 ** 20,
        lastPauseMs: 301.35,
        uptimeMs: 740,
      },
    });
  },
);

test('what only looks like a memory error is none', async () => {
  const text = [
    '"OOMKilled": false,',
    'GET /exit/137 200 134ms',
    'room 137 booked, the bathroom too',
    'oom_score_adj set to 0',
    'kernel: oom_reaper: initialized',
    'heap: Mark-Compact is fine',
    '{"exitCode":0,"reason":"Completed"}',
    'The node was low on resource: ephemeral-storage.',
    '[a:0x1]  12 ms: Scavenge 20.1 (30.1) -> 19.8 (31.1) MB, 1.2 / 0.0 ms',
  ].join('\n');
  expect(await eventsIn(text)).toEqual([]);
});

test('many logs become one timeline in UTC, whatever their zones; a line without a stamp has the time of the one before it', async () => {
  const events = await eventsIn(
    '2026-11-20T12:00:02+02:00 serving\nsomething without a stamp\nRangeError: Array buffer allocation failed\n',
    '2026-11-20T10:00:01Z x exited with code 137\n2026-11-20T10:00:03Z x exited with code 134\n',
    'no time: exited with code 137',
  );
  expect(events.map(({ time, kind }) => [time, kind])).toEqual([
    ['2026-11-20T10:00:01.000Z', 'exit-137'],
    ['2026-11-20T10:00:02.000Z', 'array-buffer-failed'],
    ['2026-11-20T10:00:03.000Z', 'exit-134'],
    [null, 'exit-137'],
  ]);
  expect(events[1].assumed).toEqual(['earlier line']);
});

test('gzip and standard input are read; what cannot be read is said', async () => {
  expect(await eventsIn(gzipSync(kernel))).toHaveLength(1);
  const piped = spawnSync(node, [bin, 'logs', '-'], { input: kernel, encoding: 'utf8' });
  expect(piped.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'killed at the memory limit of its group: node (51947) in 60ef727c9751 on web-1, RSS 470 MB, limit 470 MB (standard input:5)',
  );
  expect(piped.stdout.replaceAll(/\s+/g, ' ')).toContain('Times are UTC');
  for (const file of [join(folder, 'none'), folder, logOf(gzipSync(Buffer.alloc(1e6, kernel)).subarray(0, 500))]) {
    const { code, stderr, stdout } = await ebb(['logs', file]);
    expect(stderr).toContain('EBB_CLI_LOG_UNREADABLE');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
  }
});

test('bytes that are no text, endless lines and escape sequences do no harm', async () => {
  const hostile = Buffer.concat([
    Buffer.from([0xff, 0xfe, 0, 1, 2, 0x0a]),
    Buffer.from(`${'x'.repeat(3e6)} exited with code 137\n`),
    Buffer.from('{"message":'.repeat(5000) + '\n'),
    Buffer.from('2026-99-99T99:99:99Z exited with code 134\n'),
    Buffer.from(
      '\u001b]0;title\u0007\u001b[2J\u202e Out of memory: Killed process 7 (ev\u001b[31mil) total-vm:1kB, anon-rss:1kB\r\n',
    ),
    Buffer.from('the end: exited with code 137'),
  ]);
  const { code, stdout } = await ebb(['logs', logOf(hostile)]);
  expect(code).toBe(1);
  const text = stdout.toString();
  expect(text).toContain('ev\\x1b[31mil (7)');

  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text).toContain(':6)');
});

test('a crash loop is told by its first and its last, and other lines of the log are never told', async () => {
  const lines = Array.from(
    { length: 50 },
    (_, i) => `2026-11-20T10:00:${String(i).padStart(2, '0')}Z password=hunter2 web exited with code 137`,
  );
  const { stdout } = await ebb(['logs', logOf(lines.join('\n'))]);
  expect(stdout.toString()).toContain('… 48 more of the same …');
  expect(stdout.toString().match(/^2026/gm)).toHaveLength(2);
  expect(stdout.toString()).not.toContain('hunter2');
});
