import { existsSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentMessage, WatcherMessage } from '../protocol/index.ts';
import { type AgentListener, createAgentListener } from './agent-listener.ts';

const hello: AgentMessage = {
  type: 'hello',
  pid: 12,
  ppid: 1,
  threadId: 0,
  nodeVersion: 'v20.0.0',
  execPath: '/node',
  argv: [],
  cwd: '/',
  heapLimitBytes: 1,
  rssLimitBytes: null,
  startedAtMs: 0,
};

let listener: AgentListener;
let events: [string, ...unknown[]][];
const sockets: Socket[] = [];

beforeEach(async () => {
  listener = await createAgentListener({ maxLineBytes: 2000, maxConnections: 3 });
  // An own list each time: the last test's listener may still tell its last byes.
  const heard: typeof events = [];
  events = heard;
  for (const type of ['hello', 'sample', 'collected', 'captured', 'warning', 'bye'] as const) {
    listener.on(type, (agent: { key: string }, message: unknown) => heard.push([type, message]));
  }
  listener.on('skipped', (why) => heard.push(['skipped', why]));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.stop();
});

async function connect(...lines: (AgentMessage | string)[]): Promise<Socket> {
  const socket = createConnection(listener.socketPath);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  for (const line of lines) socket.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  return socket;
}

async function next(type: 'hello' | 'bye' | 'skipped'): Promise<void> {
  await new Promise<void>((resolve) =>
    listener.once(type, () => {
      resolve();
    }),
  );
}

/** Answers the first command that comes. */
function answer(socket: Socket, reply: (command: WatcherMessage & { id: number }) => AgentMessage): void {
  socket.on('data', (chunk) => {
    for (const line of chunk.toString().trim().split('\n')) {
      const command = JSON.parse(line) as WatcherMessage & { id: number };
      if (command.type !== 'received') socket.write(`${JSON.stringify(reply(command))}\n`);
    }
  });
}

describe('createAgentListener', () => {
  it('listens where nobody else can reach it, and leaves nothing behind', async () => {
    const directory = dirname(listener.socketPath);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    await listener.stop();
    expect(existsSync(directory)).toBe(false);
    listener = await createAgentListener();
  });

  it('says with a code where no socket can be opened', async () => {
    await expect(createAgentListener({ parentDirectory: '/nonexistent/ebb' })).rejects.toMatchObject({
      code: 'EBB_AGENT_LISTEN',
    });
  });

  it('survives garbage: lines that are no messages, too long, or too early', async () => {
    const seen = next('hello');
    const bye: AgentMessage = { type: 'bye', pid: 12, threadId: 0, reason: 'early' };
    await connect('{{{', '[]', bye, 'x'.repeat(5000), '\u0000\u0001', hello);
    await seen;
    expect(events.map(([type]) => type).sort()).toEqual([
      'hello',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ]);
    expect(listener.skipped).toBe(5);
    expect([...listener.agents.values()].map((agent) => agent.hello)).toEqual([hello]);
  });

  it('tells one bye at the end: the agent’s own words, or that it is gone', async () => {
    const first = await connect(hello);
    await next('hello');
    first.destroy();
    await next('bye');
    await connect(
      hello,
      { type: 'bye', pid: 12, threadId: 0, reason: 'stopped' },
      { type: 'warning', code: 'X', message: 'late' },
    );
    await next('bye');
    expect(events.map(([type, message]) => [type, (message as { reason?: string }).reason])).toEqual([
      ['hello', undefined],
      ['bye', 'disconnected'],
      ['hello', undefined],
      ['bye', 'stopped'],
    ]);
    expect(listener.agents.size).toBe(0);
  });

  it('turns connections away beyond its bound', async () => {
    for (let i = 0; i < 3; i++) await connect(hello);
    const fourth = await connect();
    await new Promise((resolve) => fourth.once('close', resolve));
    expect(listener.agents.size).toBe(3);
  });

  it('matches answers with questions, and resolves every question', async () => {
    const socket = await connect(hello);
    answer(socket, ({ id, type }) =>
      type === 'collect'
        ? { type: 'collected', id, ok: true, tookMs: 3 }
        : { type: 'captured', id, ok: true, method: 'fork', file: '/tmp/x' },
    );
    await next('hello');
    const [agent] = listener.agents.values();
    expect(await Promise.all([agent?.collect(), agent?.snapshot('/tmp/x')])).toMatchObject([
      { type: 'collected', ok: true, tookMs: 3 },
      { type: 'captured', ok: true, file: '/tmp/x' },
    ]);
  });

  it('resolves questions with a code when the agent is silent or goes away', async () => {
    const socket = await connect(hello);
    await next('hello');
    const [agent] = listener.agents.values();
    expect(await agent?.collect({ timeoutMs: 10 })).toMatchObject({ ok: false, error: { code: 'EBB_AGENT_TIMEOUT' } });
    const asked = agent?.snapshot('/tmp/x');
    socket.destroy();
    expect(await asked).toMatchObject({ ok: false, method: 'fork', error: { code: 'EBB_AGENT_GONE' } });
    expect(await agent?.collect()).toMatchObject({ ok: false, error: { code: 'EBB_AGENT_GONE' } });
  });

  it('says how many lines it has received, so that the agent may go on', async () => {
    const socket = await connect(hello, 'garbage');
    let text = '';
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (text.includes('"lines":2')) resolve();
      });
    });
    expect(text).toContain('"type":"received"');
  });
});
