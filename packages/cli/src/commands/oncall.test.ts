import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ebb, startEbb, type Run } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-oncall-'));
const file = join(folder, 'oncall.yaml');
const pages: { path: string; change: string; id: number }[] = [];
let receiver: Server;
let run: Run;
let server: string;
let token: string;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      const { incidents } = JSON.parse(text) as { incidents: { change: string; id: number }[] };
      pages.push({ path: request.url ?? '', change: incidents[0]?.change ?? '', id: incidents[0]?.id ?? 0 });
      response.writeHead(request.url === '/broken' ? 500 : 200).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  writeFileSync(
    file,
    `people:
  ada: { reach: [{ webhook: { url: "${url}/ada" } }] }
  grace: { reach: [{ webhook: { url: "${url}/grace" } }] }
  linus: { reach: [{ webhook: { url: "${url}/broken" } }] }
schedules: { web: { zone: Africa/Nairobi, layers: [{ people: [ada], from: 2026-01-01T00:00 }] } }
policies: { default: { steps: [{ to: [{ schedule: web }] }] } }
routes: [{ policy: default, match: { min_level: notice } }]
`,
  );
  run = startEbb(['up', '--oncall', file, '--port', '0', '--data', join(folder, 'data')]);
  token = (await run.says(/admin +(ebb_admin_\S+)/))[1] ?? '';
  const agent = (await run.says(/agents +(ebb_agent_\S+)/))[1] ?? '';
  server = (await run.says(/listening +(\S+)/))[1] ?? '';
  // Memory that runs out, by what the agent's own judge says.
  const point = (value: number): object => ({
    gauge: { dataPoints: [{ timeUnixNano: `${Date.now()}000000`, asDouble: value }] },
  });
  const attributes = [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.instance.id', value: { stringValue: 'a' } },
  ];
  const verdict = {
    timeUnixNano: `${Date.now()}000000`,
    asInt: 1,
    attributes: [{ key: 'ebb.verdict', value: { stringValue: 'leak' } }],
  };
  const metrics = [
    { name: 'ebb.verdict', gauge: { dataPoints: [verdict] } },
    { name: 'process.memory.usage', ...point(1e8) },
  ];
  const response = await fetch(`${server}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${agent}` },
    body: JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }),
  });
  expect(response.status).toBe(200);
});
afterAll(async () => {
  run.child.kill('SIGTERM');
  await run.ended;
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

async function oncall(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await ebb(['oncall', ...args], { EBB_SERVER: server, EBB_TOKEN: token });
  return { code, stdout: stdout.toString(), stderr };
}

test('a plan is checked without a server', async () => {
  expect(await oncall('check', file)).toEqual({
    code: 0,
    stdout: `${file}: 3 people, 1 schedule, 0 teams, 1 policy, 1 route\n`,
    stderr: '',
  });
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, 'people: { ada: {} }\n');
  const { code, stderr } = await oncall('check', bad);
  expect(code).toBe(2);
  expect(stderr).toContain(`${bad}:1:16: ada: there is no way to reach ada`);
});

test('who is on call now, and a schedule by the clocks of its zone', { timeout: 180_000 }, async () => {
  expect((await oncall()).stdout).toBe('web: ada\n');
  expect(JSON.parse((await oncall('--json')).stdout)).toMatchObject({
    format: 'ebb.oncall/1',
    schedules: [{ now: ['ada'] }],
  });
  const { stdout } = await oncall('schedule', 'web', '--days', '3');
  expect(stdout).toMatch(/^web, Africa\/Nairobi\n\w{3} \d{4}-\d\d-\d\d \d\d:\d\d {2}\(.* UTC\) {2}ada\n$/);
});

test('a test says what came of each way, and ends with 1 when nobody was reached', { timeout: 180_000 }, async () => {
  expect(await oncall('test', 'grace')).toMatchObject({ code: 0, stdout: 'took it  webhook: status 200\n' });
  expect(await oncall('test', 'linus')).toMatchObject({ code: 1, stdout: 'FAILED   webhook: status 500\n' });
  expect(await oncall('test', 'nobody')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("nobody called 'nobody'"),
  });
});

test('a page is acknowledged, given on, and others are called in', { timeout: 180_000 }, async () => {
  while (!pages.some(({ path, change }) => path === '/ada' && change === 'paged'))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const id = String(pages.find(({ change }) => change === 'paged')?.id);
  const show = async (): Promise<string> =>
    (await ebb(['incident', 'show', id], { EBB_SERVER: server, EBB_TOKEN: token })).stdout.toString();
  expect(await show()).toMatch(
    /^ {2}nobody has acknowledged; paged: ada \(step 1 of default; the next one at .* UTC\)$/m,
  );
  expect((await oncall('acknowledge', id, '--for', '2h')).stdout).toMatch(/^incident \d+ is yours until \d{4}-.*Z\n$/);
  expect(await show()).toMatch(/^ {2}acknowledged by first admin until 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/m);
  expect((await oncall('reassign', id, 'grace')).stdout).toBe('paged: grace\n');
  expect((await oncall('call', id, 'schedule:web', 'grace')).stdout).toBe('paged: ada, grace\n');
  expect((await oncall('override', 'web', 'grace', '--for', '4h', '--why', 'swap')).stdout).toMatch(
    /^override 1 of web: grace until /,
  );
  expect((await oncall()).stdout).toMatch(/^web: grace until .*, then ada\n$/);
});

test.each([
  [['sing'], 'there is no action "sing"'],
  [['schedule'], '"schedule" takes 1 more'],
  [['acknowledge', 'x'], '"x" is no number of an incident'],
  [['override', 'web', 'ada'], '"override" needs --for and --why'],
  [['acknowledge', '1', '--for', 'long'], 'It is minutes, hours or days'],
])('%j is used wrongly, and told so', async (args, said) => {
  const { code, stderr } = await oncall(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
});
