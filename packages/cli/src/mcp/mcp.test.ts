// The server as agents have it: the built `ebb mcp` over its standard input and output, asked by the SDK's own client.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bin, node, program } from '../fixtures/run-ebb.ts';

const SECRET = 'hunter2Qx';
const root = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-mcp-')));
const outside = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-mcp-outside-')));
const files = ['snapshots/1.heapsnapshot', 'snapshots/2.heapsnapshot', 'snapshots/3.heapsnapshot'];
const file = files[2] ?? '';
const shop = join(root, 'src/leaky-shop.mjs');

/** An agent's side of a server. */
interface Agent {
  client: Client;
  transport: StdioClientTransport;
  /** Every message that came, as it came. */
  traffic: string[];
  /** A tool's answer; throws where it is an error. */
  call: (name: string, args?: Record<string, unknown>) => Promise<Answer>;
  /** The text of a tool's error. */
  errorOf: (name: string, args: Record<string, unknown>) => Promise<string>;
}

/** An answer, looked at without types: the contract is the schema, which the server itself holds it against. */
type Answer = Record<string, never>;

async function connect(...args: string[]): Promise<Agent> {
  const transport = new StdioClientTransport({ command: node, args: [bin, 'mcp', '--root', root, ...args] });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  const traffic: string[] = [];
  const hear = transport.onmessage;
  transport.onmessage = (message) => {
    traffic.push(JSON.stringify(message));
    hear?.(message);
  };
  const textOf = (content: unknown): string => (content as { text: string }[]).map(({ text }) => text).join('');
  return {
    client,
    transport,
    traffic,
    async call(name, given = {}) {
      const { content, structuredContent, isError } = await client.callTool({ name, arguments: given });
      if (isError === true) throw new Error(textOf(content));
      expect(JSON.parse(textOf(content))).toEqual(structuredContent);
      return structuredContent as Answer;
    },
    async errorOf(name, given) {
      const { content, isError } = await client.callTool({ name, arguments: given });
      expect(isError).toBe(true);
      return textOf(content);
    },
  };
}

let agent: Agent;
beforeAll(async () => {
  mkdirSync(join(root, 'src'));
  mkdirSync(join(root, 'snapshots'));
  cpSync(program('leaky-shop.mjs'), shop);
  const made = spawnSync(node, ['--expose-gc', shop, join(root, 'snapshots'), SECRET]);
  expect(made.status).toBe(0);
  agent = await connect();
});
afterAll(async () => {
  await agent.client.close();
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

describe('a leak hunt', () => {
  test('leads from the list of snapshots to the line that adds, in three calls', async () => {
    const { snapshots } = await agent.call('snapshots');
    expect((snapshots as { file: string }[]).map((row) => row.file)).toEqual(files);
    const analysis = await agent.call('analyze', { files });
    const line =
      readFileSync(shop, 'utf8')
        .split('\n')
        .findIndex((text) => text.endsWith('// inserted')) + 1;
    expect(analysis).toMatchObject({
      verdict: 'leak',
      findings: [
        {
          kind: 'collection',
          holder: { name: 'sessions', type: 'Map' },
          insertedAt: { at: `src/leaky-shop.mjs:${String(line)}` },
          removedAt: [],
        },
      ],
    });
    const [finding] = analysis['findings'] as unknown as { insertedAt: { at: string } }[];
    const source = await agent.call('source', { file, at: finding?.insertedAt.at, before: 1, after: 0 });
    expect(source).toEqual({
      at: `src/leaky-shop.mjs:${String(line)}`,
      firstLine: line - 1,
      lines: [
        '    const session = new Session(customer);',
        '    this.sessions.set(flat(`${secret}-key-${customer}`), session); // inserted',
      ],
    });
  });

  test('goes on from the holder: what it holds, why one of those is still there, what came since', async () => {
    const { found } = await agent.call('find', { file, name: 'sessions' });
    const [{ id, heldBy } = { id: 0, heldBy: '' }] = found as unknown as { id: number; heldBy: string }[];
    expect(heldBy).toMatch(/^SessionStore @\d+$/u);
    const set = await agent.call('retained_set', { file, id });
    const classes = set['classes'] as unknown as { type: string; objects: number; sampleId: number }[];
    const sessions = classes.find(({ type }) => type === 'Session');
    expect(sessions?.objects).toBe(1200);
    const path = await agent.call('path', { file, id: sessions?.sampleId });
    expect(path).toMatchObject({
      heldIn: 'sessions (Map)',
      insertedAt: { code: expect.stringContaining('sessions.set') as unknown },
    });
    expect((path['path'] as { name: string }[]).map(({ name }) => name).slice(-3)).toEqual([
      'store',
      'sessions',
      '[key]',
    ]);
    const change = await agent.call('compare', { earlier: files[0], later: file, filter: 'Session' });
    expect(change['classes']).toMatchObject([{ type: 'Session', newObjects: 800, goneObjects: 0, keptObjects: 400 }]);
    const made = await agent.call('find', { file, source: 'leaky-shop.mjs', limit: 20 });
    const rows = made['found'] as unknown as { type: string; objects: number }[];
    expect(rows.find(({ type }) => type === 'Session')?.objects).toBe(1201); // and the class itself
  });

  test('every tool answers in a few hundred tokens, and in what its schema says', async () => {
    const [row] = (await agent.call('find', { file, name: 'sessions' }))['found'] as unknown as { id: number }[];
    const id = row?.id;
    const asked: [string, Record<string, unknown>][] = [
      ['summary', { file }],
      ['contents', { file }],
      ['classes', { file }],
      ['objects', { file, type: 'Session' }],
      ['object', { file, id }],
      ['path', { file, id }],
      ['path', { file, id, shortest: true }],
      ['retainers', { file, id }],
      ['dominators', { file, id }],
      ['dominators', { file, id, direction: 'down' }],
      ['retained_set', { file, id }],
      ['compare', { earlier: files[0], later: file }],
      ['find', { file, name: 'visits' }],
      ['find', { file, source: 'src/leaky-shop.mjs', line: 11 }],
      ['source', { file, at: 'src/leaky-shop.mjs:20' }],
    ];
    for (const [name, args] of asked) {
      const answer = JSON.stringify(await agent.call(name, args));
      expect(answer.length / 4, `${name}: ${answer}`).toBeLessThan(500);
    }
    const { tools } = await agent.client.listTools();
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    expect(new Set([...asked.map(([name]) => name), 'snapshots', 'analyze'])).toEqual(
      new Set(tools.map(({ name }) => name)),
    );
  });

  test('pages by cursor, each row once; a cursor of another question, or of a file written again, is refused', async () => {
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const args = { file, type: 'Session', limit: 100, ...(cursor === undefined ? {} : { cursor }) };
      const page = await agent.call('objects', args);
      ids.push(...(page['objects'] as unknown as { id: number }[]).map(({ id }) => id));
      cursor = page['nextCursor'];
    } while (cursor !== undefined);
    expect([ids.length, new Set(ids).size]).toEqual([1200, 1200]);
    const first = await agent.call('classes', { file: files[1], limit: 2 });
    const stale = { file: files[1], limit: 2, cursor: first['nextCursor'] };
    expect((await agent.call('classes', { ...stale, limit: 3 }))['classes']).toHaveLength(3);
    expect(await agent.errorOf('classes', { ...stale, filter: 'S' })).toContain('EBB_CLI_STALE_CURSOR');
    expect(await agent.errorOf('classes', { ...stale, cursor: 'nonsense' })).toContain('EBB_CLI_STALE_CURSOR');
    utimesSync(join(root, files[1] ?? ''), new Date(), new Date(2020, 1, 1));
    expect(await agent.errorOf('classes', stale)).toContain('ask without a cursor');
  });
});

describe('secrets of the program', () => {
  test('stood in the heap, and in none of all the answers', async () => {
    const heap = readFileSync(join(root, file), 'latin1');
    for (const kind of ['-token-', '-mail-', '-key-', 'prop', 'visitor'])
      expect(heap.includes(`${SECRET}${kind}`), kind).toBe(true);
    const strings = await agent.call('objects', { file, type: 'string', limit: 100 });
    for (const { id } of strings['objects'] as unknown as { id: number }[]) await agent.call('retainers', { file, id });
    const session = (await agent.call('objects', { file, type: 'Session' }))['objects'] as unknown as { id: number }[];
    const details = await agent.call('object', { file, id: session[0]?.id });
    const profile = (details['references'] as unknown as { reference: string; id: number }[]).find(
      ({ reference }) => reference === 'profile',
    );
    await agent.call('object', { file, id: profile?.id });
    const visits = (await agent.call('find', { file, name: 'visits' }))['found'] as unknown as { id: number }[];
    const dictionary = await agent.call('object', { file, id: visits[0]?.id, limit: 100 });
    const names = (dictionary['references'] as unknown as { reference: string }[]).map(({ reference }) => reference);
    expect(names.filter((name) => name === '[key]').length).toBeGreaterThan(80);
    expect(agent.traffic.length).toBeGreaterThan(100);
    expect(agent.traffic.filter((message) => message.includes(SECRET))).toEqual([]);
    expect((await agent.call('find', { file, name: `${SECRET}visitor3` }))['total']).toBe(0);
  });

  test('are told where the user allowed it', async () => {
    const open = await connect('--allow-strings');
    const found = await open.call('find', { file, name: `${SECRET}visitor3` });
    expect(found['total']).toBe(1);
    await open.client.close();
  });
});

describe('bad input gets an error with its code and what to do', () => {
  const bad = (name: string): string => join(root, 'snapshots', name);

  test('no file, no snapshot, the beginning of a snapshot', async () => {
    writeFileSync(bad('text.txt'), 'hello');
    copyFileSync(join(root, file), bad('cut'));
    truncateSync(bad('cut'), 200);
    const missing = await agent.errorOf('summary', { file: 'none.heapsnapshot' });
    expect(missing).toMatch(/EBB_HEAP_FILE_NOT_FOUND.*`snapshots` lists/u);
    expect(await agent.errorOf('analyze', { files: ['none.heapsnapshot'] })).toContain('EBB_HEAP_FILE_NOT_FOUND');
    expect(await agent.errorOf('summary', { file: 'snapshots/text.txt' })).toContain('EBB_HEAP_NOT_A_SNAPSHOT');
    expect(await agent.errorOf('analyze', { files: ['snapshots/text.txt'] })).toContain('EBB_HEAP_NOT_A_SNAPSHOT');
    expect(await agent.errorOf('summary', { file: 'snapshots/cut' })).toMatch(/EBB_HEAP_[A-Z]+/u);
    expect(await agent.errorOf('classes', { file: 'snapshots' })).toContain('EBB_HEAP_FILE_UNREADABLE');
    expect(await agent.errorOf('analyze', { files: [file, files[0]] })).toContain('EBB_HEAP_WRONG_ORDER');
    expect(await agent.errorOf('compare', { earlier: file, later: files[0] })).toContain('EBB_HEAP_WRONG_ORDER');
  });

  test('outside of the root, by its path, by dots, and through a link', async () => {
    copyFileSync(join(root, file), join(outside, 'other.heapsnapshot'));
    writeFileSync(join(outside, 'secret.mjs'), 'export const password = 1;\n');
    symlinkSync(join(outside, 'other.heapsnapshot'), bad('link.heapsnapshot'));
    symlinkSync(outside, join(root, 'src/away'));
    for (const path of [
      join(outside, 'other.heapsnapshot'),
      '../other.heapsnapshot',
      'snapshots/link.heapsnapshot',
      'src/away/other.heapsnapshot',
      '/etc/passwd',
      'a\0b',
    ])
      expect(await agent.errorOf('summary', { file: path })).toContain('EBB_CLI_OUTSIDE_ROOT');
    for (const at of ['/etc/passwd:1', '../../etc/passwd:1', 'src/away/secret.mjs:1', `${outside}/secret.mjs:1`])
      expect(await agent.errorOf('source', { file, at })).toContain('EBB_CLI_OUTSIDE_ROOT');
  });

  test('sources that the snapshot does not refer to, and what is no place', async () => {
    writeFileSync(join(root, 'src/unused.mjs'), 'export const token = 1;\n');
    writeFileSync(join(root, '.env'), 'TOKEN=1\n');
    for (const at of ['src/unused.mjs:1', '.env:1', 'snapshots/1.heapsnapshot:1', 'src:1'])
      expect(await agent.errorOf('source', { file, at })).toContain('EBB_CLI_NO_SOURCE');
    expect(await agent.errorOf('source', { file, at: 'src/leaky-shop.mjs' })).toContain('EBB_CLI_BAD_VALUE');
  });

  test('an id that is not there, a question that makes no sense', async () => {
    expect(await agent.errorOf('object', { file, id: 2 })).toMatch(/EBB_HEAP_UNKNOWN_OBJECT.*take an id/u);
    expect(await agent.errorOf('find', { file })).toContain('EBB_CLI_BAD_VALUE');
    expect(await agent.errorOf('object', { file, id: -1 })).toContain('id');
    expect(await agent.errorOf('objects', { file, type: 'Map', limit: 5000 })).toContain('limit');
  });
});

test('a snapshot that is cut off behind its graph is told with what it had lost, a whole one without a word', async () => {
  const cut = 'snapshots/cut-names.heapsnapshot';
  const text = readFileSync(join(root, file), 'latin1'); // a character a byte
  writeFileSync(join(root, cut), text.slice(0, text.lastIndexOf('"strings":[') + 11), 'latin1');
  const lost = [expect.stringMatching(/^the file is cut off; lost: all [\d,]+ names of objects/u)];
  expect(await agent.call('summary', { file: cut })).toMatchObject({ lost });
  expect(await agent.call('summary', { file })).not.toHaveProperty('lost');
  expect(await agent.call('analyze', { files: [files[0], cut] })).toMatchObject({ lost: [{ file: cut, what: lost }] });
  expect(await agent.call('analyze', { files: files.slice(0, 2) })).not.toHaveProperty('lost');
  rmSync(join(root, cut));
});

test('names that would steer a terminal, turn the text around or fill the context come out escaped and short', async () => {
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'],
    node_types: [['object', 'synthetic'], 'string', 'number', 'number', 'number', 'number'],
    edge_fields: ['type', 'name_or_index', 'to_node'],
    edge_types: [['property', 'shortcut'], 'string_or_number', 'node'],
  };
  const strings = ['', '\u001b]0;owned\u0007\u202Eevil', 'x'.repeat(50_000), 'held'];
  const nodes = [
    [1, 0, 1, 0, 2, 0],
    [0, 1, 3, 8, 0, 0],
    [0, 2, 5, 8, 0, 0],
  ].flat();
  const edges = [
    [1, 3, 6],
    [1, 3, 12],
  ].flat();
  const snapshot = { meta, node_count: 3, edge_count: 2 };
  writeFileSync(join(root, 'snapshots/hostile'), JSON.stringify({ snapshot, nodes, edges, strings }));
  const named = 'snapshots/hostile';
  const before = agent.traffic.length;
  const classes = await agent.call('classes', { file: named });
  expect(classes['total']).toBe(3);
  for (const id of [1, 3, 5])
    for (const tool of ['object', 'path', 'retainers', 'dominators', 'retained_set'])
      await agent.call(tool, { file: named, id });
  await agent.call('find', { file: named, name: 'held' });
  const heard = agent.traffic.slice(before);
  expect(heard.filter((message) => /\\u001b|\u001b|\u202e/iu.test(message))).toEqual([]);
  expect(heard.join('')).toContain(String.raw`\\x1b]0;owned`);
  expect(Math.max(...heard.map((message) => message.length))).toBeLessThan(4000);
});

test('long work tells its progress, and ends when it is called off; the next question is served', async () => {
  const told: (string | undefined)[] = [];
  await agent.client.callTool(
    { name: 'analyze', arguments: { files } },
    { onprogress: ({ message }) => told.push(message) },
  );
  expect(told.some((message) => message?.startsWith('reading 3.heapsnapshot'))).toBe(true);
  const controller = new AbortController();
  const cancelled = agent.client.callTool(
    { name: 'analyze', arguments: { files } },
    { signal: controller.signal, onprogress: () => controller.abort('enough') },
  );
  await expect(cancelled).rejects.toThrow('enough');
  expect((await agent.call('summary', { file }))['nodeVersion']).toBe(process.version);
});

test('a snapshot beyond the memory that was granted is refused; with one open at most, several are asked in turn', async () => {
  const small = await connect('--memory', '1');
  expect(await small.errorOf('summary', { file })).toMatch(/EBB_CLI_SNAPSHOT_TOO_LARGE.*--memory/u);
  expect(await small.errorOf('analyze', { files })).toContain('EBB_CLI_SNAPSHOT_TOO_LARGE');
  await small.client.close();
  const one = await connect('--max-open', '1');
  const objects: unknown[] = [];
  for (const name of [...files, ...files]) objects.push((await one.call('summary', { file: name }))['objects']);
  expect(objects.slice(0, 3)).toEqual(objects.slice(3));
  expect(new Set(objects).size).toBe(3);
  await one.client.close();
});
