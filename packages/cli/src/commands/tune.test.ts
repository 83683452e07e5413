import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { makeMemoryGroup } from '../tune/memory-group.ts';

const ebb = fileURLToPath(new URL('../../bin/ebb.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ebb-tune-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function tune(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [ebb, 'tune', ...args], { env: { ...process.env, UV_THREADPOOL_SIZE: '8' } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

function program(answer: string): string {
  const file = join(folder, `${answer.length}.cjs`);
  writeFileSync(
    file,
    `require('node:http').createServer((q, a) => { ${answer} }).listen(process.env.PORT, '127.0.0.1');`,
  );
  return file;
}

const brief = ['--runs', '2', '--seconds', '1', '--warm-up', '0', '--connections', '2'];

test(
  'a service is measured as it is and with each setting, and the container is computed from the peak',
  { timeout: 180_000 },
  async () => {
    const shop = program(`a.end(JSON.stringify(process.execArgv.concat(process.env.NODE_OPTIONS ?? '')))`);
    const args = [...brief, '--route', 'GET /', '--container-limit', '256', '--json', '--', process.execPath, shop];
    const { code, stdout, stderr } = await tune(...args);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ format: 'ebb.tune/1', runs: 2, routes: ['GET /'] });
    // The thread pool has that size already.
    const settings = report.trials.map((trial: { setting: string }) => trial.setting);
    expect(settings.filter((setting: string) => setting !== 'LD_PRELOAD')).toEqual([
      '--max-semi-space-size',
      '--max-semi-space-size',
      ...(process.platform === 'linux' ? ['MALLOC_ARENA_MAX'] : []),
    ]);
    expect(report.requests).toBeGreaterThan(100);
    expect(report.today.peakRssBytes.least).toBeGreaterThan(20e6);
    expect(report.today.cpuMsPerRequest.median).toBeGreaterThan(0);
    expect(report.memory.limitBytes).toBe(256 * 2 ** 20);
    expect(report.memory.maxOldSpaceMb).toBeLessThan(256);
    expect(report.together.settings).toContain(`--max-old-space-size=${report.memory.maxOldSpaceMb}`);
    expect(report.together.differences).toHaveLength(5);
    // The kernel holds the limit where it can be asked to; where it cannot, that is said.
    const { container } = report.together;
    if (typeof container === 'string') expect(container).toMatch(/^no (cgroup|memory limit) can be/);
    else {
      expect(container).toMatchObject({ limitBytes: 256 * 2 ** 20, kills: 0 });
      expect(container.peakBytes ?? 30e6).toBeGreaterThan(20e6);
    }
    if (!settings.includes('LD_PRELOAD'))
      expect(report.notes).toEqual([expect.stringContaining('jemalloc is not installed')]);
  },
);

test(
  'requests that fail, no route, and a service that does not listen are told, with exit code 2',
  { timeout: 120_000 },
  async () => {
    expect(await tune('--', process.execPath, '-e', '0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('EBB_CLI_SOAK_ROUTE'),
    });
    const args = [...brief, '--route', 'GET /', '--'];
    const failing = await tune(...args, process.execPath, program('a.statusCode = 500; a.end()'));
    expect(failing).toMatchObject({ code: 2, stderr: expect.stringContaining('EBB_CLI_TUNE_FAILING') });
    const gone = await tune(...args, process.execPath, '-e', 'process.exitCode = 3');
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('EBB_CLI_SOAK_ENDED') });
  },
);

test(
  'a route that refuses what it is asked is told: its figures are those of refusing',
  { timeout: 120_000 },
  async () => {
    const shop = program('a.statusCode = q.url === "/login" ? 401 : 200; a.end("no")');
    const routes = ['--route', 'GET /', '--route', 'POST /login {}'];
    const { code, stdout, stderr } = await tune(...brief, ...routes, '--', process.execPath, shop);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^NOTE {3}POST \/login answers 401 to most requests: what was measured is how it refuses\n/);
    expect(stdout).toMatch(
      /^ {2}container {10}(measured within a limit of \d+ MB: |its limit was computed, and not tried: no )/m,
    );
    expect(stdout).toMatch(/all of it together, measured: --max-old-space-size=\d+/);
  },
);

const group = makeMemoryGroup(256 * 2 ** 20);
if (typeof group !== 'string') group.remove();

test.skipIf(typeof group === 'string')(
  'a container in which the service does not live with what is recommended is told as that',
  { timeout: 120_000 },
  async () => {
    // It grows only where it is given a heap limit, so that nobody sees it before.
    const grow = `setTimeout(() => (globalThis.kept = Buffer.alloc(600e6, 1)), 500)`;
    const shop = program(`a.end('ok')`);
    writeFileSync(shop, `${readFileSync(shop, 'utf8')}; if (/max-old-space/.test(process.env.NODE_OPTIONS)) ${grow}`);
    const args = [...brief, '--route', 'GET /', '--container-limit', '256', '--', process.execPath, shop];
    const { code, stdout, stderr } = await tune(...args);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ {2}container {10}measured within a limit of 256 MB: THE KERNEL KILLED IT, 1 time$/m);
  },
);
