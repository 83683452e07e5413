import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostClock } from '../host/clock.ts';
import { OtlpExporter } from './otlp-exporter.ts';
import { type OtlpSettings, readSettings } from './settings.ts';

interface Timer {
  callback: () => void;
  delayMs: number;
  unref: () => Timer;
}

/** Timers fire when the test says so. */
class ManualClock {
  timers = new Set<Timer>();
  nowMs = 1_700_000_000_000;
  readonly now = (): number => this.nowMs;
  readonly monotonicMs = (): number => this.nowMs;
  readonly setTimeout = (callback: () => void, delayMs: number): Timer => {
    const timer = { callback, delayMs, unref: () => timer };
    this.timers.add(timer);
    return timer;
  };
  readonly clearTimeout = (timer: Timer | undefined): void => {
    if (timer !== undefined) this.timers.delete(timer);
  };
  /** Waits until a timer of this length is set, and fires it. */
  async fire(leastMs: number, mostMs = leastMs): Promise<void> {
    const timer = await vi.waitUntil(
      () => [...this.timers].find(({ delayMs }) => delayMs >= leastMs && delayMs <= mostMs),
      { timeout: 20_000, interval: 5 },
    );
    this.timers.delete(timer);
    timer.callback();
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const take: Answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end();

let clock: ManualClock;
let server: Server;
let answers: Answer[];
let received: { headers: IncomingMessage['headers']; url: string; body: string }[];
let problems: string[];
let exporter: OtlpExporter;

beforeEach(async () => {
  clock = new ManualClock();
  answers = [];
  received = [];
  problems = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const bytes = Buffer.concat(parts);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      received.push({ headers: request.headers, url: request.url ?? '', body: body.toString() });
      (answers.shift() ?? take)(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  exporter.stop();
  server.close();
  server.closeAllConnections();
});

function open(env: Record<string, string> = {}, port = (server.address() as AddressInfo).port): void {
  const { otlp } = readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(port)}/base`, ...env });
  exporter = new OtlpExporter({
    settings: otlp as OtlpSettings,
    clock: clock as unknown as HostClock,
    onProblem: (sentence) => problems.push(sentence),
    random: () => 1,
  });
}

async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: 20_000, interval: 5 });
}

describe('OtlpExporter', () => {
  it('sends in the order in which it was told to, however large one is', async () => {
    open();
    let seed = 1;
    const noise = Array.from({ length: 100_000 }, () => (seed = (seed * 48_271) % 2_147_483_647).toString(36));
    exporter.send({ order: 1, noise });
    for (let order = 2; order <= 5; order++) exporter.send({ order });
    await until(() => exporter.taken === 5);
    expect(received.map(({ body }) => (JSON.parse(body) as { order: number }).order)).toEqual([1, 2, 3, 4, 5]);
  });

  it('posts gzipped JSON with the headers that are set, one after the other on one connection', async () => {
    const ports = new Set<number | undefined>();
    server.on('connection', (socket) => ports.add(socket.remotePort));
    open({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x' });
    for (const n of [1, 2, 3]) exporter.send({ n });
    await until(() => exporter.taken === 3);
    expect(received.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(received[0]).toMatchObject({
      url: '/base/v1/metrics',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(ports.size).toBe(1);
    expect(exporter).toMatchObject({ queued: 0, queuedBytes: 0, dropped: 0 });
  });

  it('sends plain JSON where compression is turned off', async () => {
    open({ OTEL_EXPORTER_OTLP_COMPRESSION: 'none' });
    exporter.send({ n: 1 });
    await until(() => exporter.taken === 1);
    expect(received[0]?.headers).not.toHaveProperty('content-encoding');
  });

  it('waits as long as Retry-After says, and sends the same again', async () => {
    answers = [status(429, { 'retry-after': '7' })];
    open();
    exporter.send({ n: 1 });
    await clock.fire(7000);
    await until(() => exporter.taken === 1);
    expect(received.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":1}']);
  });

  it('waits twice as long after each failure, up to a minute', async () => {
    answers = Array.from({ length: 8 }, () => status(503));
    open();
    exporter.send({ n: 1 });
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) await clock.fire(seconds * 1000);
    await until(() => exporter.taken === 1);
    expect(received).toHaveLength(9);
  });

  it('gives up what is refused for good, says so, and goes on with the next', async () => {
    answers = [status(400)];
    open();
    exporter.send({ n: 1 });
    await until(() => exporter.dropped === 1);
    exporter.send({ n: 2 });
    await until(() => exporter.taken === 1);
    expect(problems).toEqual(['The OTLP receiver refuses exports with status 400.']);
  });

  it('takes a partial success for an end, and tells what was rejected', async () => {
    answers = [
      (_, response) => response.end('{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"no"}}'),
      (_, response) => response.end('{"partialSuccess":{}}'),
    ];
    open();
    exporter.send({ n: 1 });
    exporter.send({ n: 2 });
    await until(() => exporter.taken === 2);
    expect(problems).toEqual(['The OTLP receiver took an export but rejected 3 of its points.']);
  });

  it('keeps a bounded number of exports while nobody listens, drops the oldest and counts them', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    open({}, port);
    for (let n = 0; n < 500; n++) exporter.send({ n });
    await until(() => exporter.queued + exporter.dropped === 500);
    expect(exporter.queued).toBeLessThanOrEqual(61);
    server.listen(port, '127.0.0.1');
    for (let n = 0; exporter.taken === 0 && n < 20; n++) {
      await clock.fire(500, 60_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until(() => exporter.queued === 0);
    expect(exporter.taken + exporter.dropped).toBe(500);
    expect(received.some(({ body }) => body === '{"n":499}')).toBe(true);
  });

  it('keeps a bounded number of bytes', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    open({ OTEL_EXPORTER_OTLP_COMPRESSION: 'none' }, port);
    for (let n = 0; n < 20; n++) exporter.send({ n, text: 'x'.repeat(500_000) });
    expect(exporter.queuedBytes).toBeLessThan(2.7e6);
    expect(exporter.dropped).toBeGreaterThanOrEqual(15);
  });

  it('gives up an answer that does not come, and tries again', async () => {
    answers = [() => undefined];
    open({ OTEL_EXPORTER_OTLP_TIMEOUT: '9000' });
    exporter.send({ n: 1 });
    await until(() => received.length === 1);
    await clock.fire(9000);
    await clock.fire(1000);
    await until(() => exporter.taken === 1);
  });

  it('tries again when the connection is cut off midway', async () => {
    answers = [(request) => request.socket.destroy()];
    open();
    exporter.send({ n: 1 });
    await clock.fire(1000);
    await until(() => exporter.taken === 1);
  });

  it('bears an answer that is no HTTP', async () => {
    const garbage = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('\u0000\u0001garbage\r\n\r\n'.repeat(100));
    });
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    open({}, (garbage.address() as AddressInfo).port);
    exporter.send({ n: 1 });
    await clock.fire(1000);
    await clock.fire(2000);
    expect(exporter).toMatchObject({ queued: 1, dropped: 0, taken: 0 });
    garbage.close();
  });

  it('does not read an answer without an end', async () => {
    answers = [
      (_, response) => {
        response.on('error', () => undefined);
        const more = (): void => {
          if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      },
    ];
    open();
    exporter.send({ n: 1 });
    await until(() => exporter.taken === 1);
  });

  it('leaves a last word in the open connection without waiting for an answer', async () => {
    open();
    exporter.send({ n: 1 });
    await until(() => exporter.taken === 1);
    exporter.sendLast({ last: true });
    await until(() => received.length === 2);
    expect(received[1]?.body).toBe('{"last":true}');
  });

  it('cannot be set up with a certificate that is missing', async () => {
    expect(() => {
      open({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:1', OTEL_EXPORTER_OTLP_CERTIFICATE: '/nonexistent.pem' });
    }).toThrow('ENOENT');
    open();
  });

  it('leaves no timer behind when it is stopped', async () => {
    answers = [status(503)];
    open();
    exporter.send({ n: 1 });
    await until(() => [...clock.timers].some(({ delayMs }) => delayMs === 1000));
    exporter.stop();
    expect(clock.timers.size).toBe(0);
    exporter.send({ n: 2 });
    expect(exporter.queued).toBe(0);
  });
});
