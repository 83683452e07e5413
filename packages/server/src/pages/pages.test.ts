// The pages as any reader gets them: without a script.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tellFleet, tellOfCheckout } from '../fixtures/fleet.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
let server: TestServer;
let cookie: string;
beforeAll(async () => {
  server = await startTestServer();
  cookie = await logIn(server, { token: server.admin });
});
afterAll(async () => await server.remove());

interface Page {
  status: number;
  location: string | null;
  headers: Headers;
  text: string;
}

async function visit(
  path: string,
  options: { form?: Record<string, string>; cookie?: string; headers?: Record<string, string>; on?: TestServer } = {},
): Promise<Page> {
  const { form, headers = { 'sec-fetch-site': 'same-origin' } } = options;
  const response = await fetch((options.on ?? server).url + path, {
    redirect: 'manual',
    method: form === undefined ? 'GET' : 'POST',
    headers: { cookie: options.cookie ?? cookie, ...headers },
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  const { status } = response;
  return { status, location: response.headers.get('location'), headers: response.headers, text: await response.text() };
}

async function logIn(on: TestServer, form: Record<string, string>): Promise<string> {
  const { headers } = await visit('/login', { form, on, cookie: '' });
  return headers.get('set-cookie')?.split(';')[0] ?? '';
}

test('nobody sees anything without logging in, and is led back to what was asked for', async () => {
  const { status, location } = await visit('/services/7?process=3', { cookie: '' });
  expect([status, location]).toEqual([303, '/login?next=%2Fservices%2F7%3Fprocess%3D3']);
  const form = await visit(location ?? '', { cookie: '' });
  expect([form.status, form.text]).toEqual([200, expect.stringContaining('value="/services/7?process=3"')]);
  const inside = await visit('/login', { form: { token: server.admin, next: '/incidents' }, cookie: '' });
  expect([inside.status, inside.location]).toEqual([303, '/incidents']);
});

test.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
  'logging in leads nobody to %s',
  async (next) => {
    expect((await visit('/login', { form: { token: server.admin, next }, cookie: '' })).location).toBe('/');
  },
);

test('a page lets nothing run but its own script, is kept by nobody, and stands in no frame', async () => {
  const { headers, text } = await visit('/');
  expect(headers.get('content-security-policy')).toBe(policy);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(text).not.toMatch(/<style|<script>|style="|\son\w+=/);
  const assets = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets).toHaveLength(2);
  for (const path of assets) {
    const asset = await visit(path);
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  }
});

test('where nothing reports yet, the page tells how to point an agent here', async () => {
  const empty = await startTestServer({ publicUrl: new URL('http://ebb.internal:8080') });
  const { text } = await visit('/', { on: empty, cookie: await logIn(empty, { token: empty.admin }) });
  expect(text).toContain('No process reports here yet');
  expect(text).toContain('export OTEL_EXPORTER_OTLP_ENDPOINT=http://ebb.internal:8080\n');
  const none = await visit('/incidents', { on: empty, cookie: await logIn(empty, { token: empty.admin }) });
  expect(none.text).toContain('No incident is open');
  await empty.remove();
});

/** What of a page a reader sees, in one line. */
const words = (html: string): string =>
  html
    .replace(/^.*<main/s, '<main')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');

describe('a fleet', () => {
  beforeAll(async () => {
    await tellFleet(server.url, server.agent, Date.now());
    while ((await server.send('GET', '/api/v1/incidents')).json.length < 3)
      await new Promise((resolve) => setTimeout(resolve, 100));
  });
  const serviceId = async (name: string): Promise<number> => {
    const services = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
    return services.find((service) => service.name === name)?.id ?? 0;
  };

  test('is told by time to limit, with its open incidents', async () => {
    const { text } = await visit('/');
    expect(words(text)).toContain('3 of 6 services run out of memory, the first in ');
    const names = [...text.matchAll(/<a href="\/services\/\d+">([^<]+)<\/a>/g)].map(([, name]) => name);
    expect(names).toEqual(['checkout', 'images', 'search', 'billing', 'mailer', 'recommendations']);
    expect(words(text)).toMatch(/Open incidents.*page.*checkout 4\.2\.0 leaks: 4 of 4 processes/);
    expect(words(text)).toMatch(/checkout shop, production leaks \d+ minutes to the limit \(\d+ to \d+ minutes\)/);
    expect(words(text)).toContain('search shop, production leaks not more than chance may bring');
  });

  test('has a page for each service: versions, the odd process first, its memory drawn', async () => {
    const { text } = await visit(`/services/${await serviceId('search')}`);
    expect(words(text)).toContain('One process runs out while most of its version do not');
    const [first] = [...text.matchAll(/<th scope="row">(.*?)<\/th>/gs)].slice(1);
    expect(words(`<main>${first?.[1]}`)).toMatch(/search-59b8-\w+ odd one out/);
    expect(text).toMatch(/aria-label="Memory from [^"]*; live after collection from 3\d\d MB to 5\d\d MB; RSS from/);
    expect(text).toMatch(/<path class="floor"\s+d="M0\.0 [\d.]+L/);
    const versions = words((await visit(`/services/${await serviceId('checkout')}`)).text);
    expect(versions).toMatch(
      /4\.2\.0 leaks \d+ minutes to the limit \(\d+ to \d+ minutes\) \+1\.3 MB a minute 4 processes/,
    );
    expect(versions).toMatch(/4\.1\.7 steady – none 2 processes/);
  });

  test('has each process to be chosen, and only those of the service', async () => {
    const id = await serviceId('billing');
    const processes = (await server.send('GET', `/api/v1/services/${id}/processes`)).json as {
      id: number;
      instance: string;
    }[];
    const last = processes.at(-1);
    expect((await visit(`/services/${id}?process=${last?.id}`)).text).toContain(`Memory of ${last?.instance}`);
    expect((await visit(`/services/${id}?process=1`)).text).toContain(`Memory of ${processes[0]?.instance}`);
    expect((await visit('/services/99')).status).toBe(404);
    expect((await visit('/services/x')).status).toBe(400);
  });

  test('has incidents with how it stands now, and the timeline', async () => {
    const list = await visit('/incidents');
    expect(words(list.text)).toContain('3 incidents are open');
    const [, path] = /<a href="(\/incidents\/\d+)">checkout/.exec(list.text) ?? [];
    const { text } = await visit(path ?? '');
    expect(words(text)).toMatch(/Now: checkout leaks \d+ minutes to the limit/);
    expect(words(text)).toMatch(/Timeline .*20\d\d-\d\d-\d\d \d\d:\d\d UTC opened page: checkout 4\.2\.0 leaks/);
    expect((await visit('/incidents/99')).status).toBe(404);
  });

  test('has an incident with what holds the memory, where, who feeds it, and what else is told', async () => {
    const list = await visit('/incidents');
    const [, path = ''] = /<a href="(\/incidents\/\d+)">checkout/.exec(list.text) ?? [];
    expect((await visit(path)).text).not.toContain('What holds the memory');
    await tellOfCheckout(server.url, server.agent);
    for (;;) {
      const shown = words((await visit(path)).text);
      if (!shown.includes('HighCPU (cpu') || !shown.includes('leaks: sessions')) continue;
      expect(shown).toMatch(
        /checkout 4\.2\.0 leaks: sessions \(Map\) in src\/session-store\.ts:12 keeps what it gets, 1\.9 kB a request; 4 of 4/,
      );
      expect(shown).toContain('Cause: memory runs out.');
      expect(shown).toMatch(
        /sessions \(Map\) confirmed Held in src\/session-store\.ts:12 Added in src\/session-store\.ts:31 Piles up Session, 1\.9 kB a request, 4 MB held when it was found Fed by POST \/login Found in 4\.2\.0, in 1 process, last /,
      );
      expect(shown).toMatch(/listeners of 'update' suspect/);
      expect(shown).toMatch(/What else is told cpu HighCPU the CPU is at 92 % Alertmanager, since/);
      expect(shown).toMatch(/finding sessions \(Map\) in src\/session-store\.ts:12 keeps what it gets/);
      return;
    }
  });

  test('of hostile names is shown as text', async () => {
    const service = '"><script>globalThis.pwned = 1</script><img src=x onerror=alert(1)>';
    const report = { service, version: `<b>${service}`, instance: `\u202e${service}`, verdict: 'leak' };
    await server.send('POST', '/v1/metrics', { body: otlpJson(Date.now(), report), token: server.agent });
    const id = await serviceId(service);
    for (const path of ['/', `/services/${id}`]) {
      const { text } = await visit(path);
      expect(text).toContain('&#60;script&#62;globalThis.pwned');
      expect(text).not.toMatch(/<script>|<img|<b>|\u202e/);
    }
  });
});

test("each time stands in UTC, in the reader's zone as their browser or the address says, and in the team's", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-zones-'));
  const rulesFile = join(folder, 'rules.yaml');
  writeFileSync(rulesFile, 'services: [{ match: { service: [shop] }, labels: { zone: Asia/Kathmandu } }]\n');
  const on = await startTestServer({ rulesFile });
  try {
    const own = await logIn(on, { token: on.admin });
    const body = otlpJson(Date.now(), { service: 'shop', verdict: 'leak' });
    await on.send('POST', '/v1/metrics', { body, token: on.agent });
    while (((await on.send('GET', '/api/v1/incidents')).json as unknown[]).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const opened = async (query = '', zone = ''): Promise<string> => {
      const told = zone === '' ? own : `${own}; ebb_zone=${zone}`;
      const { status, text } = await visit(`/incidents/1${query}`, { on, cookie: told });
      expect(status).toBe(200);
      return /(\d\d:\d\d UTC [^)]*\)) opened /.exec(words(text))?.[1] ?? words(text);
    };
    const team = String.raw`(?:20\d\d-\d\d-\d\d )?\d\d:\d\d GMT\+5:45\)$`;
    expect(await opened()).toMatch(new RegExp(`UTC \\(${team}`));
    const reader = String.raw`UTC \((?:20\d\d-\d\d-\d\d )?\d\d:\d\d EAT, ${team}`;
    expect(await opened('', 'Africa%2FNairobi')).toMatch(new RegExp(reader));
    expect(await opened('?zone=africa/nairobi')).toMatch(new RegExp(reader));
    // A zone that does not exist, or no text at all, is none.
    for (const wrong of ['Mars%2FOlympus', '%E0%A4%A', '<script>'])
      expect(await opened('', wrong)).toMatch(new RegExp(`UTC \\(${team}`));
  } finally {
    await on.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('an admin adds and removes users; a viewer sees no users', async () => {
  const form = { name: 'kim', password: 'correct horse battery', role: 'viewer' };
  expect((await visit('/users', { form })).location).toBe('/users');
  const again = await visit('/users', { form });
  expect([again.status, words(again.text)]).toEqual([409, expect.stringContaining("there is a user 'kim' already")]);
  const short = await visit('/users', { form: { ...form, name: 'lee', password: 'short' } });
  expect([short.status, words(short.text)]).toEqual([400, expect.stringContaining('12 to 200 characters')]);
  const kims = await logIn(server, { name: 'kim', password: 'correct horse battery' });
  const home = await visit('/', { cookie: kims });
  expect([home.status, home.text]).toEqual([200, expect.not.stringContaining('href="/users"')]);
  expect((await visit('/users', { cookie: kims })).status).toBe(403);
  const [, remove] = /action="(\/users\/\d+\/remove)"/.exec((await visit('/users')).text) ?? [];
  expect((await visit(remove ?? '', { form: {} })).location).toBe('/users');
  expect((await visit('/', { cookie: kims })).status).toBe(303);
});

test('a form of another site changes nothing', async () => {
  for (const [path, form] of [
    ['/users', { name: 'mal', password: 'correct horse battery', role: 'admin' }],
    ['/logout', {}],
    ['/login', { token: server.admin }],
  ] as [string, Record<string, string>][]) {
    const { status, headers } = await visit(path, { form, headers: { 'sec-fetch-site': 'cross-site' } });
    expect([path, status, headers.get('set-cookie')]).toEqual([path, 403, null]);
  }
  expect((await visit('/')).status).toBe(200);
});

test('a wrong password is told on the form', async () => {
  const { status, text } = await visit('/login', {
    form: { name: 'nobody', password: 'x', next: '/incidents' },
    cookie: '',
  });
  expect([status, words(text)]).toEqual([401, expect.stringContaining('the name or the password is wrong')]);
  expect(text).toContain('value="/incidents"');
});

test('who logs out is outside', async () => {
  const mine = await logIn(server, { token: server.admin });
  expect((await visit('/logout', { form: {}, cookie: mine })).location).toBe('/login');
  expect((await visit('/', { cookie: mine })).status).toBe(303);
});
