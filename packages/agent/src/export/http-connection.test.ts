import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { certificate, key } from '../fixtures/localhost.ts';
import type { HttpAnswer } from './http-answer.ts';
import { HttpConnection } from './http-connection.ts';

const post = Buffer.from('POST /here HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi');

let folder: string;
let server: Server;
let connections = 0;
let connection: HttpConnection;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-http-'));
});

afterEach(() => {
  connection.close();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

async function serve(answer: RequestListener, made: Server = createHttpServer(answer)): Promise<number> {
  server = made;
  connections = 0;
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** What comes of one request, and whether it was said before that it was connected. */
async function ask(): Promise<[connected: boolean, answer: HttpAnswer | 'failed']> {
  let connected = false;
  return await new Promise((resolve) => {
    connection.request(post, {
      connected: () => (connected = true),
      answered: (answer) => {
        resolve([connected, answer]);
      },
      failed: () => {
        resolve([connected, 'failed']);
      },
    });
  });
}

const greet: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => response.end(`${request.method ?? ''} ${request.url ?? ''} ${body}`));
};

describe('HttpConnection', () => {
  it('sends one request after the other over one connection', async () => {
    connection = new HttpConnection({ url: new URL(`http://127.0.0.1:${await serve(greet)}`) });
    for (let i = 0; i < 3; i++) expect(await ask()).toMatchObject([true, { status: 200, body: 'POST /here hi' }]);
    expect(connections).toBe(1);
  });

  it('connects anew when the server has closed the connection', async () => {
    const port = await serve((_, response) => response.writeHead(200, { connection: 'close' }).end());
    connection = new HttpConnection({ url: new URL(`http://127.0.0.1:${port}`) });
    for (let i = 0; i < 2; i++) expect(await ask()).toMatchObject([true, { status: 200, reusable: false }]);
    expect(connections).toBe(2);
  });

  it('fails where the connection is cut off before an answer, and where nobody listens', async () => {
    const port = await serve((request) => request.socket.destroy());
    connection = new HttpConnection({ url: new URL(`http://127.0.0.1:${port}`) });
    expect(await ask()).toEqual([true, 'failed']);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask()).toEqual([false, 'failed']);
  });

  it('tells nothing more of a request that was given up', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      if (asked > 1) response.end();
    });
    connection = new HttpConnection({ url: new URL(`http://127.0.0.1:${port}`) });
    const told = vi.fn();
    connection.request(post, { connected: () => undefined, answered: told, failed: told });
    await vi.waitUntil(() => asked === 1, { timeout: 20_000, interval: 5 });
    connection.close();
    expect(await ask()).toMatchObject([true, { status: 200 }]);
    expect(told).not.toHaveBeenCalled();
  });

  it('speaks TLS with a server whose certificate it was given, and resumes its session', async () => {
    const resumed: boolean[] = [];
    const port = await serve(
      greet,
      createHttpsServer({ key, cert: certificate }, (request, response) => {
        resumed.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
        response.setHeader('connection', 'close');
        greet(request, response);
      }),
    );
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, certificate);
    for (const host of ['localhost', '127.0.0.1']) {
      resumed.length = 0;
      connection = new HttpConnection({ url: new URL(`https://${host}:${port}`), caFile });
      for (let i = 0; i < 2; i++) expect(await ask()).toMatchObject([true, { body: 'POST /here hi' }]);
      expect(resumed).toEqual([false, true]);
    }
  });

  it('sends nothing to a server that it cannot trust', async () => {
    let asked = 0;
    const port = await serve(
      greet,
      createHttpsServer({ key, cert: certificate }, () => (asked += 1)),
    );
    connection = new HttpConnection({ url: new URL(`https://127.0.0.1:${port}`) });
    expect(await ask()).toMatchObject([true, 'failed']);
    expect(asked).toBe(0);
  });
});
