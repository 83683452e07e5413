// A watch that tells a server what it sees and finds: a server that takes it, one that is away, and ones that are not well.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '@ebb/server';
import { afterEach, expect, test } from 'vitest';
import { ebb, node, program } from '../fixtures/run-ebb.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const leaky = ['--interval', '100', '--stop-on-finding', '--fail-on-leak', '--', node, program('leak.mjs'), '100', '2'];
const named = { OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'service.version=1.1' };

async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that is up, with what agents and readers need. */
async function started() {
  const directory = mkdtempSync(join(tmpdir(), 'ebb-told-'));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const server = await startServer({ database: { directory }, port: 0 });
  closing.push(async () => await server.close());
  const { admin, agent } = server.firstTokens ?? { admin: '', agent: '' };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const ask = async (path: string): Promise<any> =>
    await (await fetch(server.url + path, { headers: { authorization: `Bearer ${admin}` } })).json();
  return { server, agent, ask };
}

test(
  'a leak that a watch confirms is an incident of the service, with its culprit in the lead',
  { timeout: 180_000 },
  async () => {
    const { server, agent, ask } = await started();

    const startedMs = Date.now();
    const run = await ebb(['watch', '--server', server.url, ...leaky], { EBB_TOKEN: agent, ...named });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining(`ebb: told ${server.url} what was found`)]);
    const [service] = await ask('/api/v1/services');
    expect(service).toMatchObject({ name: 'shop', verdict: 'leak', versions: [{ version: '1.1' }] });
    const [found] = await ask(`/api/v1/services/${service.id}/findings`);
    expect(found).toMatchObject({ version: '1.1', confirmed: true, subject: 'remembered (Map)', kind: 'collection' });
    // When the process was looked into, by the clock that servers tell.
    const { captures } = found as { captures: { kind: string; takenMs: number; pauseMs: number }[] };
    expect(captures.filter(({ kind }) => kind === 'snapshot').length).toBeGreaterThan(1);
    for (const { takenMs, pauseMs } of captures) {
      expect(takenMs).toBeGreaterThan(startedMs);
      expect(takenMs).toBeLessThan(Date.now());
      expect(pauseMs).toBeGreaterThan(0);
    }
    const [process] = await ask(`/api/v1/services/${service.id}/processes`);
    expect(process).toMatchObject({ instance: found.instance, verdict: 'leak', judgedBy: 'agent', version: '1.1' });
    expect(process.floorBytes).toBeGreaterThan(1e6);
    for (;;) {
      const [incident] = await ask('/api/v1/incidents');
      if (incident?.summary.includes('keeps what it gets')) {
        expect(incident.summary).toMatch(
          /^shop 1\.1 leaks: remembered \(Map\) in \S*leak\.mjs:3 keeps what it gets; 1 of 1 process/,
        );
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
);

test(
  'of a process whose own agent tells a server, a watch tells what it found, and nothing else',
  { timeout: 180_000 },
  async () => {
    const { server, agent, ask } = await started();
    const telling = {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${agent}`,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      EBB_RECORD_DIR: 'off',
    };
    const register = fileURLToPath(import.meta.resolve('@ebb/agent/register'));
    const leaking = spawn(node, ['--import', register, program('leak.mjs'), '1000', '2'], {
      env: { PATH: process.env['PATH'], ...named, ...telling },
      stdio: 'ignore',
    });
    closing.push(() => leaking.kill('SIGKILL'));
    const processes = async (): Promise<object[]> => {
      const [service] = await ask('/api/v1/services');
      return service === undefined ? [] : await ask(`/api/v1/services/${service.id}/processes`);
    };
    while ((await processes()).length === 0) await new Promise((resolve) => setTimeout(resolve, 100));

    const watch = ['watch', '--pid', String(leaking.pid), '--suspected', '--allow-pause', '--interval', '100'];
    const run = await ebb([...watch, '--stop-on-finding', '--server', server.url], { EBB_TOKEN: agent });
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining(`ebb: told ${server.url} what was found`)]);
    const [own, ...others] = (await processes()) as { instance: string; serviceId: number }[];
    expect(others).toEqual([]);
    const [found] = await ask(`/api/v1/services/${own?.serviceId}/findings`);
    expect(found).toMatchObject({ instance: own?.instance, version: '1.1', subject: 'remembered (Map)' });
  },
);

test.each([
  ['away', async () => 'http://127.0.0.1:1', /EBB_CLI_SERVER_AWAY/g],
  [
    'one that takes no token',
    async () =>
      await listening((_request, response) => {
        const refusal = { code: 'EBB_SERVER_UNAUTHORIZED', message: 'there is no such token', next: 'send another' };
        response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify(refusal));
      }),
    /EBB_SERVER_UNAUTHORIZED/g,
  ],
  ['one that hears and never answers', async () => await listening(() => undefined), /was not told what was found/g],
])(
  'a server that is %s is told of once, and the watch ends as without one',
  { timeout: 180_000 },
  async (_what, address, said) => {
    const run = await ebb(['watch', '--server', await address(), ...leaky], { EBB_TOKEN: 't', ...named });
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^LEAK {3}remembered \(Map\)/m);
    expect(run.stderr.match(said)).toHaveLength(1);
  },
);

test('without a token nothing is started, and without a server nothing is told', async () => {
  const started = ['--', node, '-e', 'console.log("started")'];
  const none = await ebb(['watch', '--server', 'http://127.0.0.1:1', ...started], { EBB_TOKEN: '' });
  expect([none.code, none.stdout.toString(), none.stderr]).toEqual([
    2,
    '',
    expect.stringContaining('EBB_CLI_SERVER_TOKEN'),
  ]);
  const heard: string[] = [];
  const address = await listening((request, response) => {
    heard.push(request.url ?? '');
    response.end();
  });
  const bare = await ebb(['watch', ...started], { EBB_TOKEN: 't', EBB_SERVER: address });
  expect([bare.code, bare.stdout.toString(), heard]).toEqual([0, 'started\n', []]);
  const alone = await ebb(['watch', '--token-file', 'x', ...started]);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--token-file is for --server')]);
});
