// The query thread as it is shipped, run on each Node on a snapshot of its own: the same answers everywhere.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { programFolder } from '../packages/heap/src/fixtures/programs/run-program.ts';
import { availableNodes } from './nodes/index.ts';

const folder = programFolder();
afterAll(() => folder.stop());

// A module's own imports are resolved from where it stands: the package is named by its path.
const script = `
  const { openSnapshot } = await import(${JSON.stringify(import.meta.resolve('@ebb/heap'))});
  const [earlier, later] = process.argv.slice(2);
  const snapshot = await openSnapshot(later);
  const { nodeVersion } = await snapshot.summary();
  const [{ object }] = (await snapshot.findByName({ name: 'sessions' })).rows;
  const set = await snapshot.retainedSet(object.id);
  const session = set.classes.rows.find(({ type }) => type === 'Session');
  const path = await snapshot.path(session.sampleId);
  const change = await snapshot.compare(earlier, { filter: 'Session', sort: 'newObjects', limit: 1 });
  const dominators = await snapshot.dominators(session.sampleId);
  const code = await snapshot.findByCode({ file: 'session-class.mjs' });
  const controller = new AbortController();
  const called = snapshot.compare(earlier, { filter: 'x' }, { signal: controller.signal }).catch(({ code }) => code);
  controller.abort();
  console.log(JSON.stringify({
    nodeVersion,
    type: object.type,
    sessions: session.objects,
    way: path.stops.slice(-2).map(({ name }) => name),
    insertedAt: path.insertedAt.line,
    newSessions: change.classes.rows[0].newObjects,
    isDominated: dominators.rows.some(({ id }) => id === object.id),
    made: code.code.rows.find(({ type }) => type === 'Session').objects,
    called: await called,
  }));
  // Left open: that keeps no process alive.
`;

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test('a snapshot is opened, asked, compared, and left open', async () => {
    const { files, lineOf } = await folder.run('session-class.mjs', { node });
    const file = join(folder.root, 'ask.mjs');
    writeFileSync(file, script);
    const { stdout } = await promisify(execFile)(node, [file, files[0], files[2]], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    const told = JSON.parse(stdout) as { nodeVersion: string };
    expect(told.nodeVersion).toMatch(new RegExp(`^v${String(major)}\\.`));
    expect(told).toMatchObject({
      type: 'Map',
      sessions: 900,
      way: ['sessions', 'Session'],
      insertedAt: lineOf('inserted'),
      newSessions: 800,
      isDominated: true,
      made: 901,
      called: 'EBB_HEAP_ABORTED',
    });
  });
});
