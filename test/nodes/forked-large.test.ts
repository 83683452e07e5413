// A forked snapshot of two gigabytes of heap, on every Node. They are arrays of a few megabytes, so that a child needs
// little memory beside the pages that it shares; small objects would take it ten times as much (bench/capture).
import { freemem } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { makeProgramFolder, patienceMs } from './capture-program.ts';
import { availableNodes } from './index.ts';

const folder = makeProgramFolder();
afterAll(folder.remove);

/** The program's own, as much again for whatever is written to meanwhile, and what other tests take beside this one. */
const neededBytes = 8e9;

describe.each(availableNodes())('on Node $major', { timeout: patienceMs + 10_000 }, ({ path: node }) => {
  test.skipIf(freemem() < neededBytes)('two gigabytes are captured whole, while the program goes on', () => {
    const told = folder.run(
      node,
      `
      globalThis.pages = Array.from({ length: 1000 }, (_, page) => new Array(262_144).fill(page));
      told.enough = process.memoryUsage().heapUsed >= 2e9;
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      const { method, pauseMs, attempts } = await captureSnapshot({ file, niceness: 0, stallMs: 10_000 });
      clearInterval(timer);
      Object.assign(told, { method, paused: pauseMs > 0, wentOn: turns > 0, tries: attempts.length <= 3 });
      told.whole = hasAllSessions(readFileSync(file, 'utf8'));
      told.pages = pages.every((list, page) => list.length === 262_144 && list.at(-1) === page);
      told.children = children().length;
      tell();`,
      'export NODE_OPTIONS=--max-old-space-size=4000',
    );
    expect(told).toEqual({
      enough: true,
      method: 'fork',
      paused: true,
      wentOn: true,
      tries: true,
      whole: true,
      pages: true,
      children: 0,
    });
  });
});
