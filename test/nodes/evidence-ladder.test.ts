// Where no snapshot can be forked, lighter evidence is taken, on every Node, and what stops the program only with
// consent. The room is a double: a container with too little memory, told to the capture.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-ladder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const capture = new URL('../../packages/capture/dist/index.js', import.meta.url).href;
const prelude = `
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { captureEvidence, measureChildRoom, startAllocationSampling } from '${capture}';
class Visit { constructor(id) { this.id = id; } get name() { globalThis.touched = true; return 'x'; } }
class Impostor { static get name() { globalThis.touched = true; return 'Impostor'; } }
const visits = [];
const impostors = [new Impostor()];
function login() { for (let k = 0; k < 3000; k++) visits.push(new Visit(k)); }
const file = process.argv[2] + '/' + process.pid + '.heapsnapshot';
// A container of 60 MB, of which the heap has 20: neither a child has room in it nor a snapshot in the thread.
const limits = [{ limitBytes: 60e6, usedBytes: 20e6, usageFile: '/none', statFile: '/none', killsGroup: false }];
const tight = (target) => ({ ...measureChildRoom(target), heapUsedBytes: 20e6, smallObjectsBytes: 20e6, limits });
const told = ({ taken, refused, pauseMs }) => ({ taken: taken.map(({ rung }) => rung), refused: refused.map(({ rung, code }) => rung + ' ' + code), paused: pauseMs > 0 });
const tell = (answer) => console.log(JSON.stringify(answer));
`;

let programs = 0;
function run(node: string, text: string): Record<string, unknown> {
  const program = join(folder, `program-${++programs}.mjs`);
  writeFileSync(program, prelude + text);
  const output = execFileSync(node, [program, folder], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: 50_000,
  });
  return JSON.parse(output) as Record<string, unknown>;
}

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  test('with room, the profile and the forked snapshot are taken; without, the profile alone, and it is said why', () => {
    const { roomy, cramped, grew, reasons, written } = run(
      node,
      `
      const sampling = startAllocationSampling({ intervalBytes: 16384 });
      for (let i = 0; i < 20; i++) login();
      const roomy = await captureEvidence({ file, sampling });
      rmSync(file);
      const cramped = await captureEvidence({ file, sampling, measureRoom: tight });
      sampling.stop();
      const [{ profile }] = cramped.taken;
      tell({ roomy: told(roomy), cramped: told(cramped), grew: profile.sites.some(({ stack }) => stack.some((frame) => frame.function === 'login')),
        reasons: cramped.refused.map(({ reason }) => reason), written: existsSync(file) });`,
    );
    expect(roomy).toEqual({ taken: ['allocations', 'fork'], refused: [], paused: true });
    expect(cramped).toEqual({
      taken: ['allocations'],
      refused: ['fork EBB_CAPTURE_NO_MEMORY', 'inline no-consent', 'class-counts no-consent'],
      paused: true,
    });
    expect({ grew, written }).toEqual({ grew: true, written: false });
    expect(reasons).toMatchObject([
      expect.stringContaining('within the limit of 60 MB'),
      expect.stringMatching(/^It would stop the program for about \d.* m?s, and nobody has consented\.$/u),
      expect.stringMatching(/^It would stop/u),
    ]);
  });

  test('with consent, objects are counted by class where there is no room, and no code of the program runs for it', () => {
    const answer = run(
      node,
      `
      login();
      const evidence = await captureEvidence({ file, consent: ['inline', 'class-counts'], measureRoom: tight });
      const { counts } = evidence.taken[0];
      const of = (name) => counts.classes.find((one) => one.name === name)?.count;
      tell({ ...told(evidence), visits: of('Visit'), impostors: of('Impostor'), known: of('Object') > 100,
        sorted: counts.classes.every(({ count }, at) => at === 0 || count <= counts.classes[at - 1].count),
        most: counts.classes.length <= 100, touched: globalThis.touched ?? false, files: readdirSync(process.argv[2]).filter((name) => name.includes(String(process.pid))), kept: impostors.length });`,
    );
    expect(answer).toEqual({
      taken: ['class-counts'],
      refused: ['allocations not-started', 'fork EBB_CAPTURE_NO_MEMORY', 'inline EBB_CAPTURE_NO_MEMORY'],
      paused: true,
      visits: 3000,
      known: true,
      sorted: true,
      most: true,
      touched: false,
      files: [],
      kept: 1,
    });
  });

  test('where snapshots cannot be forked at all, consent to an inline one brings it', () => {
    const answer = run(
      node,
      `
      Object.defineProperty(process, 'arch', { value: 'riscv64' });
      const evidence = await captureEvidence({ file, consent: ['inline', 'class-counts'] });
      tell({ ...told(evidence), file: evidence.taken[0].snapshot.file === file && existsSync(file) });`,
    );
    expect(answer).toEqual({
      taken: ['inline'],
      refused: ['allocations not-started', 'fork EBB_CAPTURE_UNSUPPORTED'],
      paused: true,
      file: true,
    });
  });
});
