import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { preloadPath } from '@ebb/agent';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { makeWorkplace } from './run-program.ts';

/**
 * Serves rounds of requests with ever new paths (through Node's channel, as the http module
 * publishes them), and after each round counts what is alive. A round starts with a line of input.
 */
const program = `
const { channel } = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const { Socket } = require('node:net');
const v8 = require('node:v8');
class Response extends EventEmitter { statusCode = 200; }
const count = (type) => v8.queryObjects(type, { format: 'count' });
let made = 0;
process.stdin.on('data', () => {
  for (let i = 0; i < 30_000; i++) {
    const response = new Response();
    made += 1;
    response.req = { method: 'GET', url: '/page-' + made.toString(36) + '/word' + 'abcdefghij'[made % 10] + '?q=' + made };
    channel('http.server.request.start').publish({ request: response.req, response });
    response.emit('close');
  }
  setTimeout(() => {
    gc();
    console.log(JSON.stringify({
      responses: count(Response), sockets: count(Socket), maps: count(Map), arrays: count(Array), objects: count(Object),
    }));
  }, 50);
});`;

type Counts = Record<'responses' | 'sockets' | 'maps' | 'arrays' | 'objects', number>;

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  it.concurrent('the agent holds no more after many requests, samples and reconnections', async ({ expect }) => {
    const place = makeWorkplace();
    const file = join(place.directory, 'program.cjs');
    const socketPath = join(place.directory, 's');
    writeFileSync(file, program);
    let connections = 0;
    let lines = 0;
    let routes = 0;
    let onConnection: () => void = () => undefined;
    // A watcher that hangs up after every tenth line.
    const server = createServer((socket) => {
      connections += 1;
      onConnection();
      let here = 0;
      socket.on('error', () => undefined);
      socket.write('{"type":"interval","ms":10}\n');
      socket.on('data', (chunk) => {
        const text = chunk.toString();
        const more = text.split('\n').length - 1;
        lines += more;
        here += more;
        for (const record of text.matchAll(/"requestsByRoute":(\{.*?\})/g)) {
          routes = Math.max(routes, Object.keys(JSON.parse(record[1] ?? '{}') as object).length);
        }
        socket.write(`{"type":"received","lines":${String(here)}}\n`);
        if (here >= 10) socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const child = spawn(node, ['--expose-gc', file], {
      env: { NODE_OPTIONS: `--require ${preloadPath}`, EBB_AGENT_SOCKET: socketPath },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const reconnected = async (until: number): Promise<void> => {
      if (connections < until) {
        await new Promise<void>((resolve) => {
          onConnection = () => {
            if (connections >= until) resolve();
          };
        });
      }
    };
    const round = async (): Promise<Counts> => {
      const counts = new Promise<Counts>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => {
          resolve(JSON.parse(chunk.toString()) as Counts);
        });
      });
      child.stdin.write('go');
      return await counts;
    };
    try {
      await reconnected(1);
      await round();
      await reconnected(4);
      const early = await round();
      await reconnected(14);
      await round();
      await round();
      await reconnected(18);
      const late = await round();
      // In between: 90,000 requests on ever new paths, 14 connections, and their samples.
      expect(lines).toBeGreaterThan(100);
      expect(routes).toBeGreaterThan(50);
      expect(routes).toBeLessThanOrEqual(101);
      expect(late.responses).toBe(0);
      expect(late.sockets).toBeLessThanOrEqual(early.sockets + 2);
      for (const kind of ['maps', 'arrays', 'objects'] as const) {
        expect(late[kind] - early[kind], kind).toBeLessThan(400);
      }
    } finally {
      child.kill('SIGKILL');
      server.close();
      place.remove();
    }
  });
});
