/**
 * What is done to a forked snapshot, and what its host notices: nothing. Each fault strikes on every Node, in a server
 * that is asked for a page all the while; the table in docs/capture-faults.md is what this test saw. With WRITE_FAULTS=1
 * `node_modules/.bin/vitest run test/nodes/capture-faults.test.ts` writes it anew.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeProgramFolder } from './capture-program.ts';
import { availableNodes } from './index.ts';
import { isAnswered } from './is-answered.ts';

const page = fileURLToPath(new URL('../../docs/capture-faults.md', import.meta.url));
const capture = new URL('../../packages/capture/dist/index.js', import.meta.url).href;
const folder = makeProgramFolder();
afterAll(folder.remove);

interface Fault {
  name: string;
  /** Runs in the server: takes the snapshot while the fault strikes, and returns it. */
  strike: string;
  /** Whether the first child has to die of it; any other may die by chance, and is tried again. */
  firstDies?: boolean;
  /** Comes before the server, in the same process. */
  shell?: string;
}

/** What each fault may use. `atMoment` acts on the child as soon as it is forked, before the server goes on. */
const server = `
import { readlinkSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { measureChildRoom } from '${capture}';
const take = (options) => captureSnapshot({ file, niceness: 0, ...options });
const disk = join(process.argv[2], 'disk');
const atMoment = (act, options) => take({ ...options, onMoment: () => act(children().at(-1)) });
// Sockets come and go with the requests.
const descriptors = () => readdirSync('/proc/self/fd').filter((fd) => { try { return !readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; } }).length;
// No service is to run as root, and root may write where others may not.
const giveUpRoot = () => { if (process.getuid() === 0) { chmodSync(process.argv[2], 0o711); chmodSync(folder, 0o777); process.setgid(65534); process.setuid(65534); } };
// A container as the capture sees it: what it uses stands in a file.
const usage = join(process.argv[2], 'usage-' + process.pid);
const limited = (limitBytes) => (target) => ({ ...measureChildRoom(target), heapUsedBytes: 1e6, smallObjectsBytes: 1e6,
  limits: [{ limitBytes, usedBytes: 0, usageFile: usage, statFile: '/none', killsGroup: false }] });
process.on('uncaughtException', (error) => { told.thrown = String(error); });
process.on('unhandledRejection', (error) => { told.thrown = String(error); });
const page = createHttpServer((request, response) => response.end('page')).listen(0, '127.0.0.1', () => console.log('port ' + page.address().port));
process.stdin.once('data', async () => {
  const before = descriptors();
  const result = await strike().then(
    ({ attempts }) => ({ whole: hasAllSessions(readFileSync(file, 'utf8')), outcomes: attempts.map(({ outcome }) => outcome) }),
    ({ name, code, attempts }) => ({ name, code, outcomes: (attempts ?? []).map(({ outcome }) => outcome) }));
  const after = left();
  console.log('told ' + JSON.stringify({ ...result, ...told, children: after.children, descriptors: descriptors() - before, parts: after.files.filter((name) => name.endsWith('.part')) }));
});
process.stdin.on('end', () => { page.close(); page.closeAllConnections(); });
process.stdin.resume();
`;

/** Mounts a disk of that size, for the server alone, and starts it. */
function withDisk(size: string): string {
  const asRoot = process.getuid?.() === 0 ? '' : '--user --map-root-user ';
  const mount = `mkdir -p "$2/disk"; mount -t tmpfs -o size=${size} none "$2/disk"`;
  return `exec unshare ${asRoot}--mount sh -c '${mount}; exec "$0" "$@"' "$0" "$@"`;
}

const faults: Fault[] = [
  {
    name: 'the child is killed',
    firstDies: true,
    strike: `let killed = false; return atMoment((pid) => { if (!killed) process.kill(pid, 'SIGKILL'); killed = true; }, { attempts: 6 });`,
  },
  { name: 'every child is killed', strike: `return atMoment((pid) => process.kill(pid, 'SIGKILL'));` },
  {
    name: 'every child hangs',
    strike: `return atMoment((pid) => process.kill(pid, 'SIGSTOP'), { stallMs: 100 });`,
  },
  {
    name: 'the child needs for ever',
    strike: `return atMoment((pid) => process.kill(pid, 'SIGSTOP'), { timeoutMs: 200, stallMs: 600000 });`,
  },
  {
    name: 'there is no room for a child in the container',
    strike: `return take({ measureRoom: limited(60e6) });`,
  },
  {
    name: 'the child comes near the limit of memory',
    strike: `return atMoment((pid) => { process.kill(pid, 'SIGSTOP'); writeFileSync(usage, '999000000'); }, { measureRoom: limited(1e9) });`,
  },
  {
    name: 'there is no room on the disk',
    strike: `return take({ measureRoom: (target) => ({ ...measureChildRoom(target), diskFreeBytes: 1e6 }) });`,
  },
  {
    name: 'the disk takes no more while the child writes',
    // 2000 blocks of 512 bytes: a snapshot of the smallest program has several times as much.
    shell: 'ulimit -f 2000',
    strike: `return take({});`,
  },
  {
    name: 'the disk is too small for it (tmpfs)',
    shell: withDisk('40m'),
    strike: `return take({ file: join(disk, 'a') });`,
  },
  {
    name: 'less than 64 MB are left on the disk while the child writes (tmpfs)',
    shell: withDisk('100m'),
    strike: `return atMoment((pid) => { process.kill(pid, 'SIGSTOP'); writeFileSync(join(disk, 'filler'), Buffer.alloc(50e6, 1)); }, { file: join(disk, 'a') });`,
  },
  {
    name: 'the disk is full before the child has written it all, and tells nobody how much is free (tmpfs)',
    shell: withDisk('2m'),
    strike: `return take({ file: join(disk, 'a'), measureRoom: () => measureChildRoom(null) });`,
  },
  {
    name: 'the folder is removed while the child writes',
    strike: `return atMoment(() => rmSync(folder, { recursive: true }));`,
  },
  {
    name: 'somebody else makes the file while the child writes',
    strike: `return atMoment(() => writeFileSync(file, 'older'));`,
  },
  {
    name: 'the permission to write in the folder is revoked before',
    strike: `giveUpRoot(); const closed = join(folder, 'closed'); mkdirSync(closed, 0o500); return take({ file: join(closed, 'a') });`,
  },
  {
    name: 'the permission to write in the folder is revoked while the child writes',
    strike: `giveUpRoot(); const open = join(folder, 'open'); mkdirSync(open); return take({ file: join(open, 'a'), onMoment: () => chmodSync(open, 0o500) });`,
  },
  {
    name: 'the clock jumps by days, to and fro',
    strike: `const real = Date.now; let n = 0; Date.now = () => real() + [0, 864e5, -864e5][n++ % 3]; performance.now = Date.now; return take({ attempts: 6 });`,
  },
  {
    name: 'the capture is called off as soon as the child is forked',
    strike: `const stop = new AbortController(); return atMoment(() => stop.abort(), { signal: stop.signal });`,
  },
];

interface Told {
  whole?: boolean;
  name?: string;
  code?: string;
  outcomes: string[];
  thrown?: string;
  children: number;
  descriptors: number;
  parts: string[];
}

function start(node: string, { strike, shell }: Fault): ChildProcessWithoutNullStreams {
  const program = folder.write(`${server}\nasync function strike() { ${strike} }\n`);
  const command = shell === undefined ? [node] : ['/bin/sh', '-c', `${shell}; exec "$0" "$@"`, node];
  const [first, ...rest] = [...command, program, folder.path];
  return spawn(first, rest, { env: { PATH: process.env['PATH'] ?? '' }, stdio: 'pipe' });
}

/** What a stream says after a word at the beginning of a line. */
async function after(child: ChildProcessWithoutNullStreams, word: string): Promise<string> {
  let text = '';
  return await new Promise((resolve, reject) => {
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      const found = new RegExp(`^${word} (.*)\n`, 'mu').exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', (code, signal) => {
      reject(new Error(`it ended with ${String(code ?? signal)}, having said: ${text}`));
    });
  });
}

const rows = new Map<string, string[]>();

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  it.each(faults)('$name, and the host serves on', async (fault) => {
    const child = start(node, fault);
    let complaints = '';
    child.stderr.on('data', (part: Buffer) => (complaints += part.toString()));
    try {
      const port = Number(await after(child, 'port'));
      let [asked, answered] = [0, 0];
      const serve = async (): Promise<void> => {
        asked += 1;
        if (await isAnswered(port, '/')) answered += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      };
      for (let i = 0; i < 20; i++) await serve();
      const told = after(child, 'told');
      let done = false;
      const ended = told.finally(() => (done = true));
      ended.catch(() => undefined);
      child.stdin.write('now\n');
      while (!done) await serve();
      const result = JSON.parse(await told) as Told;
      for (let i = 0; i < 20; i++) await serve();
      const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
      child.stdin.end();
      expect(await closed).toBe(0);
      expect(complaints).toBe('');
      expect(answered).toBe(asked);
      // Each error has a code, and nothing is thrown past the caller.
      expect(result.thrown).toBeUndefined();
      expect(result.whole ?? result.name).toBe(result.whole === true ? true : 'CaptureError');
      expect(result).toMatchObject({ children: 0, descriptors: 0, parts: [] });
      const seen = rows.get(fault.name) ?? [];
      if (fault.firstDies === true) expect(result.outcomes[0]).toBe('died');
      rows.set(fault.name, [...seen, becameOf(result, fault)]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

/** In words that do not change with how busy the machine is. */
function becameOf({ whole, code, outcomes }: Told, { firstDies = false }: Fault): string {
  if (whole === true) return firstDies ? 'whole, from another child' : 'whole';
  return `\`${String(code)}\`${outcomes.length === 3 ? ', after three tries' : ''}`;
}

it('the table in the documentation is what was seen, and the same on every Node', () => {
  const table = [
    '# Faults of a capture',
    '',
    'What is done to a forked snapshot of [`@ebb/capture`](decisions/0013-forked-snapshots.md), and what becomes of it. `test/nodes/capture-faults.test.ts` does each of these on Node 20, 22, 24 and 26 to a server that takes a snapshot of itself, and asks the server for pages before, meanwhile and afterwards. Every request was answered, nothing was thrown but the error with the code below, nothing was written to standard error, no child, descriptor or unfinished file stayed, and the server ended with exit code 0 when it was told to.',
    '',
    '| fault | the snapshot |',
    '| --- | --- |',
    ...faults.map(({ name }) => `| ${name} | ${[...new Set(rows.get(name))].join(' / ')} |`),
    '',
  ].join('\n');
  if (process.env['WRITE_FAULTS'] !== undefined) writeFileSync(page, table);
  const written = readFileSync(page, 'utf8').replace(/ +\|/g, ' |').replace(/\| -+/g, '| ---');
  expect(written).toBe(table);
});
