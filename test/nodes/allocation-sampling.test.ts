// Allocations are sampled by the inspector of the same thread, on every Node: what stays is told by who allocates it, and
// what dies is not told.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-sampling-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const capture = new URL('../../packages/capture/dist/index.js', import.meta.url).href;
const prelude = `
import inspector from 'node:inspector';
import { grownSites, startAllocationSampling } from '${capture}';
const kept = [];
function remember() { for (let k = 0; k < 300; k++) kept.push({ k, a: k, b: k, c: k }); }
function forget() { const list = []; for (let k = 0; k < 300; k++) list.push({ k, a: k, b: k, c: k }); return list; }
const work = () => { for (let i = 0; i < 400; i++) { remember(); forget(); } };
const codeOf = (run) => { try { run(); return 'nothing'; } catch (error) { return error.code ?? error.name; } };
`;

let programs = 0;
function run(node: string, text: string, ...flags: string[]): Record<string, unknown> {
  const program = join(folder, `program-${++programs}.mjs`);
  writeFileSync(program, prelude + text);
  const output = execFileSync(node, [...flags, program], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return JSON.parse(output) as Record<string, unknown>;
}

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test('what stays is told by the function that allocates it, about as large as it is, and what dies is not', () => {
    const told = run(
      node,
      `
      const sampling = startAllocationSampling();
      work();
      const first = sampling.take();
      const before = process.memoryUsage().heapUsed;
      work(); work();
      const last = sampling.take();
      const grew = process.memoryUsage().heapUsed - before;
      const grown = grownSites(first.profile, last.profile);
      const of = (name) => grown.filter(({ stack }) => stack.some((frame) => frame.function === name))
        .reduce((sum, site) => sum + site.grownBytes, 0);
      sampling.stop();
      sampling.stop();
      console.log(JSON.stringify({ share: of('remember') / grew, forgotten: of('forget') / grew,
        pauses: [sampling.startPauseMs, first.pauseMs, last.pauseMs].every((ms) => ms > 0),
        url: grown[0].stack.find((frame) => frame.function === 'remember').url, after: codeOf(() => sampling.take()) }));`,
      // Where V8 inlines a function, the one around it is named instead.
      '--no-opt',
      '--no-maglev',
    );
    // 240,000 objects of 56 bytes are about a hundred samples.
    expect(told['share']).toBeGreaterThan(0.6);
    expect(told['share']).toBeLessThan(1.6);
    expect(told).toMatchObject({ forgotten: 0, pauses: true, after: 'EBB_CAPTURE_PROFILER' });
    expect(told['url']).toMatch(/^file:.*program-\d+\.mjs$/u);
  });

  test('the sampling of somebody else is left alone, and ours that somebody else ended is told so', () => {
    const told = run(
      node,
      `
      const theirs = new inspector.Session();
      theirs.connect();
      theirs.post('HeapProfiler.startSampling');
      const refused = codeOf(() => startAllocationSampling());
      let alive = false;
      theirs.post('HeapProfiler.stopSampling', (error, result) => { alive = error === null && result.profile !== undefined; });
      const ours = startAllocationSampling();
      theirs.post('HeapProfiler.startSampling');
      theirs.post('HeapProfiler.stopSampling');
      const ended = codeOf(() => ours.take());
      ours.stop();
      console.log(JSON.stringify({ refused, alive, ended }));`,
    );
    expect(told).toEqual({ refused: 'EBB_CAPTURE_PROFILER', alive: true, ended: 'EBB_CAPTURE_PROFILER' });
  });

  const permission = major === 20 ? '--experimental-permission' : '--permission';
  test('where the permission model forbids the inspector, that is an error with a code', () => {
    const told = run(
      node,
      `console.log(JSON.stringify({ code: codeOf(() => startAllocationSampling()) }));`,
      permission,
      '--allow-fs-read=*',
      '--no-warnings',
    );
    expect(told).toEqual({ code: 'EBB_CAPTURE_PROFILER' });
  });
});
