/**
 * What is done to the agent's surroundings, and what its host notices: nothing. The table in docs/agent-faults.md is
 * what this test saw; `node_modules/.bin/vitest run test/agent-faults.test.ts` with WRITE_FAULTS=1 writes it anew.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from './nodes/otlp-receiver.ts';

const register = fileURLToPath(import.meta.resolve('@ebb/agent/register'));
const page = fileURLToPath(new URL('../docs/agent-faults.md', import.meta.url));
const requestsEach = 100;

/** Serves, and ends by itself when its standard input does. Its clock can be made to jump by a request. */
const program = `
const http = require('node:http');
const server = http.createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
process.stdin.resume().on('end', () => { server.close(); server.closeAllConnections(); });
`;

interface Host {
  child: ChildProcess;
  directory: string;
  receiver: OtlpReceiver;
}

interface Fault {
  name: string;
  /** Done while the host serves; what it returns is undone at the end. */
  strike: (host: Host) => Promise<string>;
  env?: (receiver: OtlpReceiver) => Record<string, string>;
  flags?: string[];
  before?: string;
  stderr?: () => number;
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

async function ask(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/things/1', agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode === 200);
      });
    });
    request.on('error', () => {
      resolve(false);
    });
  });
}

async function serve(port: number): Promise<number> {
  let answered = 0;
  for (let i = 0; i < requestsEach; i++) if (await ask(port)) answered += 1;
  return answered;
}

async function more({ receiver }: Host): Promise<void> {
  const count = receiver.exports.length;
  await receiver.until(() => receiver.exports.length > count);
}

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
    strike: async () => 'the line is lost, nothing else; the agent writes no files',
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
      return 'exports go on, without what stands in /proc and package.json';
    },
  },
  {
    name: 'the clock jumps by hours and days, to and fro',
    before: `let n = 0; const real = Date.now; Date.now = () => real() + [0, 36e5, -36e5, -864e5][n++ >> 3 & 3];`,
    strike: async (host) => {
      await more(host);
      return 'exports go on, no point ends before it starts';
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
  const child = spawn(process.execPath, [...flags, file], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      EBB_SAMPLE_INTERVAL: '20',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      ...fault.env?.(receiver),
    },
    stdio: ['pipe', 'pipe', stderr ?? 'pipe'],
  });
  let told = '';
  child.stderr?.on('data', (part: Buffer) => (told += part.toString()));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.on('data', (part: Buffer) => {
        resolve(Number(/port (\d+)/.exec(part.toString())?.[1]));
      });
      child.once('close', (code) => {
        reject(new Error(`ended with ${String(code)}: ${told}`));
      });
    });
    let answered = await serve(port);
    // Where the receiver hears it, the agent is in before the blow.
    if (fault.env === undefined) await receiver.until(() => true);
    const what = await fault.strike({ child, directory, receiver });
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
