import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ebb, node, program, type Ended } from '../fixtures/run-ebb.ts';
import type { SoakReport } from '../soak/soak-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-soak-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const service = program('soak-service.mjs');
const soak = async (options: string[], ...after: string[]): Promise<Ended> =>
  await ebb(['soak', ...options, '--', node, service, ...after], { GITHUB_ACTIONS: 'true', PORT: undefined });
const inFolder = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(inFolder(name), 'utf8');

/** Several routes, and snapshots: on a busy machine minutes. */
const SLOW_MS = 400_000;

describe('a service of which one route leaks', () => {
  let run: Ended;
  let report: SoakReport;
  beforeAll(async () => {
    const routes = [
      '--route',
      'GET /',
      '--route',
      'GET /visits/{i}',
      '--route',
      'POST /echo {"n":{i}}',
      '--route',
      'GET /fails',
    ];
    const files = [
      '--junit',
      inFolder('soak.xml'),
      '--sarif',
      inFolder('soak.sarif'),
      '--summary',
      inFolder('soak.md'),
    ];
    const budget = inFolder('tight.json');
    writeFileSync(
      budget,
      JSON.stringify({ format: 'ebb.budget/1', routes: { 'GET /visits/{i}': { bytesPerRequest: 5 } } }),
    );
    run = await soak([...routes, ...files, '--budget', budget, '--json']);
    report = JSON.parse(run.stdout.toString()) as SoakReport;
  }, SLOW_MS);

  test('has that route told, with bytes a request, what holds them, and the line that adds', () => {
    expect(run.code).toBe(1);
    expect(report).toMatchObject({ format: 'ebb.soak/1', verdict: 'leak', overBudget: true });
    const [home, visits, echo] = report.routes;
    expect([home?.verdict, visits?.verdict, echo?.verdict]).toEqual(['clean', 'leak', 'clean']);
    expect(visits).toMatchObject({ evidence: 'snapshots', budgetBytesPerRequest: 5, overBudget: true });
    expect(visits?.interval[0]).toBeGreaterThan(5);
    expect(visits?.interval[0]).toBeLessThanOrEqual(visits?.bytesPerRequest ?? 0);
    expect(visits?.interval[1]).toBeGreaterThanOrEqual(visits?.bytesPerRequest ?? 0);
    expect(visits?.bytesPerRequest).toBeGreaterThan(60);
    expect(visits?.bytesPerRequest).toBeLessThan(600);
    const [finding] = visits?.findings ?? [];
    expect(finding).toMatchObject({ verdict: 'leak', holder: { name: 'visits', type: 'Map' } });
    expect(finding?.insertedAt).toMatchObject({ file: service });
    expect(home?.statuses).toEqual({ 200: (home?.requests ?? 0) + 10 });
  });

  test('has the route that only fails told apart', () => {
    expect(report.failures).toEqual([
      expect.objectContaining({ route: 'GET /fails', code: 'EBB_CLI_SOAK_ROUTE_FAILED' }),
    ]);
    expect(run.stderr).toContain('EBB_CLI_SOAK_ROUTE_FAILED');
  });

  test('prints to standard output the report alone', () => {
    expect(run.stderr).toContain('the service says hello');
  });

  test('has the leak written for machines: JUnit, SARIF, Markdown, annotations', () => {
    expect(text('soak.xml')).toMatch(/<testsuites tests="4" failures="1" errors="1"[^]*<failure type="leak"/);
    const { runs } = JSON.parse(text('soak.sarif')) as { runs: { results: object[] }[] };
    expect(runs[0]?.results).toHaveLength(1);
    expect(runs[0]?.results[0]).toMatchObject({
      ruleId: 'ebb/route-leaks',
      // As in a review's SARIF: one leak is one there, too.
      partialFingerprints: { 'ebbLeak/v1': report.routes[1]?.findings[0]?.fingerprint },
    });
    expect(text('soak.md')).toMatch(/\| `GET \/visits\/\{i\}` \| \*\*leak\*\* \|/);
    expect(run.stderr).toMatch(/^::error file=\S+soak-service\.mjs,line=\d+,title=Leak in GET \/visits/mu);
  });
});

test(
  'the ratchet writes what leaks today, and that is granted from then on',
  async () => {
    const budget = inFolder('ebb.budget.json');
    const first = await soak(['--route', 'GET /visits', '--budget', budget, '--ratchet']);
    expect(first.code).toBe(0);
    const { routes } = JSON.parse(readFileSync(budget, 'utf8')) as {
      routes: Record<string, { bytesPerRequest: number }>;
    };
    expect(routes['GET /visits']?.bytesPerRequest).toBeGreaterThan(60);
    // Twice as much, so that the noise of one run against another fails no test.
    writeFileSync(
      budget,
      JSON.stringify({ format: 'ebb.budget/1', routes: { 'GET /visits': { bytesPerRequest: 1200 } } }),
    );
    const second = await soak(['--route', 'GET /visits', '--budget', budget]);
    expect(second.code).toBe(0);
    expect(second.stdout.toString()).toContain('granted');
  },
  SLOW_MS,
);

test(
  'routes of an OpenAPI document in YAML and of recorded traffic are sent as these say',
  async () => {
    const [document, traffic] = [inFolder('openapi.yaml'), inFolder('traffic.har')];
    writeFileSync(
      document,
      `openapi: 3.1.0
paths:
  /notes/{note}:
    parameters: [{ $ref: '#/components/parameters/note' }]
    put: { requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } } }
components:
  parameters: { note: { name: note, in: path, required: true, schema: { type: integer, minimum: 7 } } }
  schemas: { Note: { type: object, required: [text], properties: { text: { type: string, minLength: 5 } } } }
`,
    );
    const request = {
      method: 'PATCH',
      url: 'https://shop.invalid/notes/7?draft=1',
      headers: [{ name: 'X-Note', value: 'recorded' }],
      postData: { mimeType: 'application/json', text: '{"text":"textx"}' },
    };
    writeFileSync(traffic, JSON.stringify({ log: { entries: [{ request }] } }));
    const run = await soak(['--openapi', document, '--har', traffic, '--json']);
    const { routes } = JSON.parse(run.stdout.toString()) as SoakReport;
    expect(routes.map(({ route, verdict, statuses }) => [route, verdict, Object.keys(statuses)])).toEqual([
      ['PUT /notes/{note}', 'clean', ['200']],
      ['PATCH /notes/7', 'clean', ['200']],
    ]);
    expect(run.code).toBe(0);
  },
  SLOW_MS,
);

test(
  'a service that ignores PORT is found by the port that it listens on',
  async () => {
    const run = await soak(['--route', 'GET /missing'], '0');
    expect(run.stdout.toString()).toMatch(/^CLEAN {4}GET \/missing/mu);
    expect(run.stderr).toMatch(/requests were not answered well \(\d+ × 404\)/u);
  },
  SLOW_MS,
);

test.each([
  ['no route', [], ['EBB_CLI_SOAK_ROUTE', 'no route was named']],
  ['a route that is none', ['--route', 'visits'], ['EBB_CLI_SOAK_ROUTE', "'visits'"]],
  ['a URL that is none', ['--route', 'GET /', '--url', 'ftp://x'], ['EBB_CLI_SOAK_ROUTE', "'ftp://x'"]],
  ['a service that ends while it is asked', ['--route', 'GET /ends'], ['EBB_CLI_SOAK_ENDED', 'exit code 3']],
])('%s is told, with exit code 2', async (_what, options, told) => {
  const run = await soak(options);
  expect(run.code).toBe(2);
  for (const part of told) expect(run.stderr).toContain(part);
});

test('a service that never listens is told, and does not outlive the soak', async () => {
  const idle = ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'];
  const run = await ebb(['soak', '--route', 'GET /', '--start-limit', '1', '--', node, ...idle]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('EBB_CLI_SOAK_NOT_LISTENING');
  const pid = Number(/^(\d+)$/mu.exec(run.stderr)?.[1]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
