// A snapshot made to get out of the report: into the terminal, or into the page.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostileNames } from '../fixtures/report.ts';
import { ebb, node } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
const files = [1, 2, 3].map((step) => join(folder, `${step}.heapsnapshot`));
const page = join(folder, 'page.html');
const hostile = hostileNames.join('');

beforeAll(() => {
  const source = `
    const { writeHeapSnapshot } = require('node:v8');
    class HostileItem { seats = new Array(50).fill(0.5); }
    class HostileStore { hostileItems = new Map(); }
    const hostileStore = new HostileStore();
    const work = () => { for (let k = 0; k < 500; k++) hostileStore.hostileItems.set(k + Math.random(), new HostileItem()); };
    ${JSON.stringify(files)}.forEach((file, step) => {
      setTimeout(work, 40 * step);
      setTimeout(() => writeHeapSnapshot(file), 40 * step + 20);
    });`;
  const program = join(folder, 'hostile.cjs');
  writeFileSync(program, source);
  expect(spawnSync(node, [program]).status).toBe(0);
  // What the program called them is what the snapshot calls them: names, and the file.
  const inJson = JSON.stringify(hostile).slice(1, -1);
  for (const file of files) {
    const text = readFileSync(file, 'utf8').replace(
      /"(?:HostileItem|HostileStore|hostileItems|hostileStore)"/gu,
      `"${inJson}"`,
    );
    writeFileSync(file, text.replaceAll(program, `/srv/${inJson}.cjs`));
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('its names reach the terminal as text: no control but line feeds and the colours of Ebb', async () => {
  const run = await ebb(['analyze', '--contents', '--html', page, ...files], { NO_COLOR: '', FORCE_COLOR: '1' });
  const text = run.stdout.toString();
  expect(run.code).toBe(1);
  expect(text).toContain('<img src=');
  expect(text).toMatch(/\u001b\[1m/u); // The colours are on.
  const bare = text.replace(/\u001b\[(?:1|2|22|31|32|33|39)m/gu, '');
  expect(bare).not.toMatch(/[\p{Cs}\u200b\u202a-\u202e\u2066-\u2069\ufeff]|(?!\n)\p{Cc}/u);
  expect(bare).not.toMatch(/^LEAK {3}forged/mu);
  expect(run.stderr).toBe(`ebb: wrote ${page}, ${/\d+ KB/u.exec(run.stderr)?.[0] ?? ''}\n`);
});

test('the page is its owner’s alone, and holds them as text', () => {
  const text = readFileSync(page, 'utf8');
  expect(statSync(page).mode & 0o777).toBe(0o600);
  expect(text).toContain('&#60;img src=');
  expect(text).not.toContain('<img');
  expect(text).not.toMatch(/[\p{Cs}\u200b\u202a-\u202e\u2066-\u2069\ufeff]|(?!\n)\p{Cc}/u);
});

test('a page that cannot be written is told before anything is read', async () => {
  const place = join(folder, 'none', 'page.html');
  const run = await ebb(['analyze', '--html', place, ...files]);
  expect(run).toMatchObject({ code: 2 });
  expect(run.stdout.toString()).toBe('');
  expect(run.stderr).toContain('EBB_CLI_REPORT_PLACE');
});
