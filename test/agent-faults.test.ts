/**
 * What is done to the agent's surroundings, and what its host notices: nothing. The table in docs/agent-faults.md is
 * what this test saw; `node_modules/.bin/vitest run test/agent-faults.test.ts` with WRITE_FAULTS=1 writes it anew.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, vi } from 'vitest';
import {
  asSeenBy,
  childrenOf,
  more,
  onOwnDisk,
  program,
  recorded,
  requestsEach,
  serve,
  type Host,
} from './agent-faults/host.ts';
import { type OtlpReceiver, startOtlpReceiver } from './nodes/otlp-receiver.ts';

const register = fileURLToPath(import.meta.resolve('@ebb/agent/register'));
const page = fileURLToPath(new URL('../docs/agent-faults.md', import.meta.url));
/** Of util-linux: sets what a process may use. */
const prlimit = '/usr/bin/prlimit';

interface Fault {
  name: string;
  /** Done while the host serves; what it returns is undone at the end. */
  strike: (host: Host) => Promise<string>;
  env?: (receiver: OtlpReceiver) => Record<string, string>;
  flags?: string[];
  before?: string;
  stderr?: () => number;
  /** What the host is started by. */
  starter?: string[];
}

const rows: string[] = [];
const servers: Server[] = [];
const hold: Socket[] = [];
const root = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-faults-')));

afterAll(() => {
  for (const server of servers) server.close();
  for (const socket of hold) socket.destroy();
  rmSync(root, { recursive: true, force: true });
});

/** A listener that does `handle` with each connection; its URL. */
async function listen(handle: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    hold.push(socket);
    handle(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const answering = (text: string): Promise<string> => listen((socket) => socket.once('data', () => socket.end(text)));

const unreachable: Record<string, string> = {};

const faults: Fault[] = [
  {
    name: 'the receiver of metrics is killed',
    strike: async ({ receiver }) => {
      receiver.close();
      return 'exports wait, at most 60 of them or 2 MB';
    },
  },
  {
    name: 'the receiver takes the connection and never answers',
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: unreachable['silent'] ?? '' }),
    strike: async () => 'given up after the timeout, tried again; the program ends when it wants to',
  },
  {
    name: 'the receiver answers 429',
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: unreachable['busy'] ?? '' }),
    strike: async () => 'tried again after `Retry-After`',
  },
  {
    name: 'the receiver answers with garbage',
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: unreachable['garbage'] ?? '' }),
    strike: async () => 'tried again, later each time',
  },
  {
    name: 'the receiver cuts the connection midway',
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: unreachable['cut'] ?? '' }),
    strike: async () => 'tried again, later each time',
  },
  {
    name: 'the disk is full where standard error goes',
    env: () => ({ OTEL_METRIC_EXPORT_INTERVAL: 'nonsense' }),
    stderr: () => openSync('/dev/full', 'w'),
    strike: async () => 'the line is lost, nothing else',
  },
  {
    name: 'the working directory is removed while it runs',
    strike: async (host) => {
      rmSync(host.directory, { recursive: true });
      await more(host);
      return 'exports go on';
    },
  },
  {
    name: "Node's permission model lets it read nothing but its own code",
    flags: ['--permission', ...readable().map((directory) => `--allow-fs-read=${join(directory, '*')}`)],
    strike: async (host) => {
      await more(host);
      return 'exports go on, without what stands in /proc and package.json; nothing is recorded';
    },
  },
  {
    name: 'the clock jumps by hours and days, to and fro',
    before: `let n = 0; const real = Date.now; Date.now = () => real() + [0, 36e5, -36e5, -864e5][n++ >> 3 & 3];`,
    strike: async (host) => {
      await more(host);
      await recorded(host.records, ([first]) => (first?.samples.length ?? 0) > 40);
      return 'exports go on, no point ends before it starts; the record goes on';
    },
  },
  {
    name: 'the program replaces its timers and its clock after the start',
    before: `setTimeout(() => { globalThis.setInterval = globalThis.setTimeout = () => { throw new Error('fake'); }; Date.now = () => NaN; }, 1);`,
    strike: async (host) => {
      await more(host);
      return 'exports go on: the agent has kept the real ones';
    },
  },
  {
    name: 'no file can be written from the start, as on a full disk (RLIMIT_FSIZE)',
    starter: [prlimit, '--fsize=0', '--'],
    strike: async (host) => {
      await more(host);
      expect(await recorded(host.records, () => true)).toEqual([]);
      return 'nothing is recorded; exports go on';
    },
  },
  {
    name: 'no file can be written any more while it runs (RLIMIT_FSIZE)',
    strike: async (host) => {
      await recorded(host.records, ([first]) => (first?.samples.length ?? 0) > 5);
      execFileSync(prlimit, [`--pid=${String(host.child.pid)}`, '--fsize=0']);
      await more(host);
      expect(await recorded(host.records, ([first]) => first !== undefined)).toMatchObject([{ tornSlots: 0 }]);
      return 'what was recorded stays; exports go on';
    },
  },
  {
    name: 'the disk that the recorder writes to is full from the start (tmpfs)',
    starter: onOwnDisk('head -c 2m /dev/zero > "$EBB_RECORD_DIR/filler" 2> /dev/null'),
    strike: async (host) => {
      await more(host);
      expect(await recorded(asSeenBy(host), () => true)).toEqual([]);
      return 'nothing is recorded; exports go on';
    },
  },
  {
    name: 'the disk that the recorder writes to is filled while it runs (tmpfs)',
    starter: onOwnDisk('true'),
    strike: async (host) => {
      const records = asSeenBy(host);
      await recorded(records, ([first]) => (first?.samples.length ?? 0) > 5);
      expect(() => {
        for (;;) appendFileSync(join(records, 'filler'), Buffer.alloc(65_536, 1));
      }).toThrow('ENOSPC');
      const before = (await recorded(records, ([first]) => first !== undefined))[0]?.samples.length ?? Infinity;
      const after = await recorded(records, ([first]) => (first?.samples.length ?? 0) > before + 5);
      expect(after).toMatchObject([{ tornSlots: 0 }]);
      await more(host);
      return 'the record goes on, in the room that it took when it began; exports go on';
    },
  },
  {
    name: "the recorder's folder is taken away while it runs: renamed, all permissions revoked",
    strike: async (host) => {
      await recorded(host.records, ([first]) => (first?.samples.length ?? 0) > 5);
      renameSync(host.records, `${host.records}-gone`);
      chmodSync(`${host.records}-gone`, 0);
      await more(host);
      return 'the record goes on in the file that is open';
    },
  },
  {
    name: "the recorder's file is deleted while it runs",
    strike: async (host) => {
      await recorded(host.records, ([first]) => (first?.samples.length ?? 0) > 5);
      for (const file of readdirSync(host.records)) unlinkSync(join(host.records, file));
      await recorded(host.records, ([first]) => (first?.samples.length ?? 0) > 5);
      return 'a new one is begun';
    },
  },
  {
    name: 'another process records in the same folder, and is killed',
    strike: async (host) => {
      const flags = ['--require', register, join(host.directory, 'program.cjs')];
      const other = spawn(process.execPath, flags, {
        env: { PATH: process.env['PATH'], EBB_RECORD_DIR: host.records, EBB_SAMPLE_INTERVAL: '20' },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      await recorded(host.records, (all) => all.filter(({ samples }) => samples.length > 5).length === 2);
      other.kill('SIGKILL');
      await new Promise((resolve) => other.once('close', resolve));
      const running = (await recorded(host.records, (all) => all.length === 2)).filter((each) => each.running);
      expect(running).toMatchObject([{ pid: host.child.pid, tornSlots: 0 }]);
      return 'each has a file of its own';
    },
  },
  {
    name: 'the program forks a process that is killed',
    before: `process.once('SIGUSR2', () => require('node:child_process').fork(__dirname + '/forked.cjs'));
      require('node:fs').writeFileSync(__dirname + '/forked.cjs', 'setInterval(() => {}, 1000)');`,
    strike: async (host) => {
      host.child.kill('SIGUSR2');
      const both = await recorded(host.records, (all) => all.filter(({ samples }) => samples.length > 5).length === 2);
      const forked = both.find(({ pid }) => pid !== host.child.pid);
      process.kill(forked?.pid ?? 0, 'SIGKILL');
      await recorded(host.records, (all) => all.some(({ pid, running }) => pid === forked?.pid && !running));
      return 'each has a file of its own';
    },
  },
  {
    name: 'the child that writes a forked snapshot is killed',
    before: `process.on('SIGUSR2', () => void import('${import.meta.resolve('@ebb/capture')}').then(async ({ captureSnapshot }) => {
        const { attempts } = await captureSnapshot({ file: __dirname + '/forked.heapsnapshot', niceness: 0 });
        console.log('captured ' + attempts.map(({ outcome }) => outcome).join(' ') + '.');
      }).catch((error) => console.log('captured ' + error.code + '.')));`,
    strike: async (host) => {
      host.child.kill('SIGUSR2');
      const pid = await vi.waitUntil(() => childrenOf(host.child.pid)[0], { timeout: 60_000, interval: 1 });
      process.kill(pid, 'SIGKILL');
      expect(await host.printed(/captured (.*)\./)).toMatch(/^(?!whole).* whole$/);
      return 'another child is tried, and the snapshot is whole';
    },
  },
];

function readable(): string[] {
  const packages = fileURLToPath(new URL('../packages', import.meta.url));
  return [root, packages, join(dirname(packages), 'node_modules', '@ebb')];
}

it.each(faults)('$name, and the host serves on', async (fault) => {
  unreachable['silent'] ??= await listen(() => undefined);
  unreachable['busy'] ??= await answering('HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n');
  unreachable['garbage'] ??= await answering('\u0000garbage\r\n\r\n');
  unreachable['cut'] ??= await answering('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"part');
  const receiver = await startOtlpReceiver();
  const directory = join(root, String(rows.length));
  mkdirSync(directory);
  const file = join(directory, 'program.cjs');
  writeFileSync(join(directory, 'before.cjs'), fault.before ?? '');
  writeFileSync(file, program);
  const stderr = fault.stderr?.();
  const flags = [...(fault.flags ?? []), '--require', join(directory, 'before.cjs'), '--require', register];
  const records = join(directory, 'records');
  const [command, ...words] = [...(fault.starter ?? []), process.execPath, ...flags, file];
  const child = spawn(command, words, {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      EBB_RECORD_DIR: records,
      EBB_SAMPLE_INTERVAL: '20',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      ...fault.env?.(receiver),
    },
    stdio: ['pipe', 'pipe', stderr ?? 'pipe'],
  });
  let told = '';
  let shown = '';
  child.stdout?.on('data', (part: Buffer) => (shown += part.toString()));
  const printed = async (text: RegExp): Promise<string> =>
    await vi.waitUntil(() => text.exec(shown)?.[1], { timeout: 60_000, interval: 20 });
  child.stderr?.on('data', (part: Buffer) => (told += part.toString()));
  try {
    const port = Number(await printed(/port (\d+)\n/));
    let answered = await serve(port);
    // Where the receiver hears it, the agent is in before the blow.
    if (fault.env === undefined) await receiver.until(() => true);
    const what = await fault.strike({ child, directory, records, receiver, printed });
    answered += await serve(port);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    answered += await serve(port);
    expect(receiver.faults).toEqual([]);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin?.end();
    const code = await ended;
    expect(answered).toBe(3 * requestsEach);
    expect(code).toBe(0);
    expect(told.split('\n').filter((line) => line !== '' && !line.includes('"source":"ebb"'))).toEqual([]);
    rows.push(`| ${fault.name} | ${what} | ${String(answered)} of ${String(3 * requestsEach)} | ${String(code)} |`);
  } finally {
    child.kill('SIGKILL');
    receiver.close();
    if (stderr !== undefined) closeSync(stderr);
  }
});

it('the table in the documentation is what was seen', () => {
  const table = [
    '# Faults',
    '',
    'What is done to the surroundings of [the agent](guide/agent.md), and what its host notices. `test/agent-faults.test.ts` does each of these to a server with the agent in it, sends requests before, during and after, lets the server end by itself, and holds this table against what it saw.',
    '',
    '| fault | the agent | requests answered | exit code |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  if (process.env['WRITE_FAULTS'] !== undefined) writeFileSync(page, table);
  const written = readFileSync(page, 'utf8').replace(/ +\|/g, ' |').replace(/\| -+/g, '| ---');
  expect(written).toBe(table);
});
