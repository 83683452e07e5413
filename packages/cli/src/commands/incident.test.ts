// `ebb incident` and `ebb postmortem` against a server that runs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from '@ebb/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEbb } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-incident-'));
let server: Server;
beforeAll(async () => {
  server = await startServer({ database: { directory: join(folder, 'data') }, port: 0 });
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const point = { timeUnixNano: `${Date.now()}000000`, asInt: '1', attributes: attributes({ 'ebb.verdict': 'leak' }) };
  const resource = { attributes: attributes({ 'service.name': 'shop', 'service.instance.id': 'a' }) };
  const metrics = [{ name: 'ebb.verdict', gauge: { dataPoints: [point] } }];
  await fetch(`${server.url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.firstTokens?.agent ?? ''}` },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }),
  });
  while (((await ebb('incident', 'list', '--json')).json as unknown[]).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ebb(...args: string[]): Promise<{ code: number | null; out: string; error: string; json: unknown }> {
  const environment = { EBB_SERVER: server.url, EBB_TOKEN: server.firstTokens?.admin ?? '' };
  const { code, stdout, stderr } = await startEbb(args, environment).ended;
  const out = stdout.toString();
  return { code, out, error: stderr, json: args.includes('--json') && code === 0 ? JSON.parse(out) : undefined };
}

test('an incident is listed, worked on, and shown in a zone', async () => {
  expect((await ebb('incident', 'list')).out).toMatch(/^ {3}1 {2}notice .* UTC {2}shop leaks: 1 of 1 process/);
  expect((await ebb('incident', 'note', '1', 'so slow \u001b[31m')).code).toBe(0);
  expect((await ebb('incident', 'role', '1', 'scribe', 'Ada')).code).toBe(0);
  const suspected = (await ebb('incident', 'suspect', '1', 'the release', '--json')).json as { id: number };
  expect((await ebb('incident', 'exonerate', '1', String(suspected.id), '--why', 'it grew before')).out).toContain(
    'is exonerated',
  );
  const again = await ebb('incident', 'confirm', '1', String(suspected.id), '--why', 'no');
  expect([again.code, again.error]).toEqual([2, expect.stringContaining('EBB_SERVER_CONFLICT')]);
  const { out } = await ebb('incident', 'show', '1', '--zone', 'Africa/Nairobi');
  expect(out).toMatch(/UTC \(.*\d\d:\d\d EAT\) {2}note: so slow \\x1b\[31m \(first admin\)/);
  expect(out).toContain('scribe: Ada');
  expect((await ebb('incident', 'show', '1', '--zone', 'Mars/Olympus')).error).toContain("no time zone 'Mars/Olympus'");
});

test('it is counted, and resolved with a reason only while it goes on', async () => {
  expect((await ebb('incident', 'resolve', '1')).error).toContain('EBB_SERVER_NOT_RECOVERED');
  expect((await ebb('incident', 'resolve', '1', '--reason', 'a test')).out).toContain(
    'incident 1 is resolved; as measured: 1 of 1',
  );
  expect((await ebb('incident', 'numbers')).out).toMatch(/^1 incident\n/);
  expect((await ebb('incident', 'show', 'x')).code).toBe(2);
});

test('a postmortem is shown, edited from a file, written with its figures, and has versions', async () => {
  expect((await ebb('postmortem', 'show', '1')).out).toContain('## Issue summary');
  const file = join(folder, 'lessons.md');
  writeFileSync(file, 'We *learned* <b>it</b>.');
  expect((await ebb('postmortem', 'edit', '1', 'lessons', file)).out).toBe('version 1\n');
  expect((await ebb('postmortem', 'refresh', '1')).out).toBe('version 2\n');
  expect((await ebb('postmortem', 'versions', '1')).out).toMatch(
    /^ {2}2 .*anew[^]*\n {2}1 .*first admin: edited: Lessons\n$/,
  );
  expect((await ebb('postmortem', 'edit', '1', 'nonsense', file)).code).toBe(2);
  const [markdown, page] = [join(folder, 'p.md'), join(folder, 'p.html')];
  expect((await ebb('postmortem', 'write', '1', markdown)).code).toBe(0);
  expect((await ebb('postmortem', 'write', '1', page)).code).toBe(0);
  expect(readFileSync(markdown, 'utf8')).toContain('We *learned* <b>it</b>.');
  expect(readFileSync(join(folder, 'cause.svg'), 'utf8')).toMatch(/^<svg /);
  expect(readFileSync(page, 'utf8')).toContain('We <em>learned</em> &lt;b&gt;it&lt;/b&gt;.');
});

test('an action item is closed by what a test told of its leak, from a file', async () => {
  const added = await ebb('postmortem', 'add', '1', 'test', 'catch it \u001b[31m', '--fingerprint', 'f', '--json');
  const { id } = added.json as { id: number };
  const file = join(folder, 'proof.json');
  const proof = (fingerprint: string): string =>
    JSON.stringify({ format: 'ebb.test/1', madeMs: Date.now(), verdict: 'leak', findings: [{ fingerprint }] });
  writeFileSync(file, proof('g'));
  expect((await ebb('postmortem', 'prove', String(id), file)).error).toContain('EBB_SERVER_NO_PROOF');
  writeFileSync(file, proof('f'));
  expect((await ebb('postmortem', 'prove', String(id), file)).out).toMatch(
    /^closed: ebb test --json of 20.* UTC tells the leak/,
  );
  writeFileSync(file, 'no JSON');
  expect((await ebb('postmortem', 'prove', String(id), file)).error).toContain('is no JSON');
});

test('action items are added, changed, listed and dropped, and the review is set and dropped', async () => {
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  const due = day(30).slice(0, 10);
  expect((await ebb('postmortem', 'add', '1', 'lint', 'find it')).error).toContain('name a fingerprint');
  const { json } = await ebb('postmortem', 'add', '1', 'lint', 'find it', '--fingerprint', 'g', '--json');
  const id = String((json as { id: number }).id);
  expect((await ebb('postmortem', 'change', id, '--owner', 'ada', '--due', due)).out).toBe(
    `action item ${id} is changed\n`,
  );
  expect((await ebb('postmortem', 'items')).out).toContain(
    `${id}  open  until ${due}  find it (incident 1, lint, ada, g)`,
  );
  expect((await ebb('postmortem', 'drop', id, '--why', 'the code is gone')).code).toBe(0);
  expect((await ebb('postmortem', 'items')).out).toBe('there is none\n');
  expect((await ebb('postmortem', 'items', '1')).out).toContain('catch it \\x1b[31m');
  expect((await ebb('postmortem', 'change', id, '--due', '31.12.')).error).toContain('It is a date');
  expect((await ebb('postmortem', 'review', '1')).out).toBe('nobody has said when it is\n');
  const at = `${day(3).slice(0, 16)}Z`;
  const set = await ebb('postmortem', 'review', '1', '--at', at, '--invite', 'ada@example.com,eve@example.org');
  expect(set.out).toBe(
    `the review is at ${at.slice(0, 16).replace('T', ' ')} UTC, 60 minutes; invited: ada@example.com, eve@example.org\n`,
  );
  expect((await ebb('postmortem', 'review', '1', '--at', `${day(30).slice(0, 16)}Z`)).error).toContain(
    'within seven days',
  );
  const dropped = await ebb('postmortem', 'review', '1', '--drop', 'no \u001b[31mtime');
  expect(dropped.out).toContain('; it is dropped: no \\x1b[31mtime');
  expect((await ebb('postmortem', 'review', '1', '--drop', 'again')).error).toContain('EBB_SERVER_CONFLICT');
  expect((await ebb('postmortem', 'review', '1', '--drop', 'x', '--at', '2026-11-24T10:00Z')).code).toBe(2);
});
