// The package as its users have it: by name, built, with its worker thread.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AnalyzeProgress, HeapError, openSnapshot, type Snapshot } from '@ebb/heap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFolder, type ProgramRun } from '../fixtures/programs/run-program.ts';
import { buildSnapshot } from '../fixtures/snapshot-builder.ts';
import { QueryThread } from './query-thread.ts';

const folder = programFolder();
let run: ProgramRun;
let other: ProgramRun;
let snapshot: Snapshot;
beforeAll(async () => {
  [run, other] = await Promise.all([folder.run('session-class.mjs'), folder.run('module-map.cjs', { points: [100] })]);
  snapshot = await openSnapshot(run.files[2], { cwd: folder.root });
});
afterAll(async () => {
  await snapshot.close();
  folder.stop();
});

/** The error with which a query ends. */
async function errorOf(query: Promise<unknown>): Promise<HeapError> {
  const error: unknown = await query.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HeapError)) throw new Error(`no HeapError: ${String(error)}`);
  return error;
}

describe("a real program's snapshot", () => {
  test('tells the Node.js that wrote it, and as many bytes as its classes have together', async () => {
    const summary = await snapshot.summary();
    expect(summary).toMatchObject({ file: run.files[2], nodeVersion: process.version });
    const classes = await snapshot.classes({ limit: 1000, sort: 'shallowBytes' });
    expect(summary.classes).toBe(classes.total);
    expect(summary.kinds.reduce((sum, kind) => sum + kind.shallowBytes, 0)).toBe(summary.heapBytes);
    const sessions = await snapshot.classes({ filter: 'Session' });
    expect(sessions.rows.find(({ type }) => type === 'Session')).toMatchObject({
      objects: 900,
      location: { file: run.program },
    });
  });

  test('leads from a name to what it holds, from there down to a session, and back up to the line that adds', async () => {
    const named = await snapshot.findByName({ name: 'sessions' });
    const [{ object, heldBy }] = named.rows;
    expect([object.type, object.name, heldBy.type]).toEqual(['Map', 'sessions', 'SessionStore']);
    const set = await snapshot.retainedSet(object.id);
    const row = set.classes.rows.find(({ type }) => type === 'Session');
    expect(row?.objects).toBe(900);
    const path = await snapshot.path(row?.sampleId ?? 0);
    expect(path.stops.map(({ name }) => name).slice(-3)).toEqual(['store', 'sessions', 'Session']);
    expect(path.stops.at(-1)?.edge).toBe('[key]');
    expect(path.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expect(path.removedAt).toEqual([]);
    const dominators = await snapshot.dominators(row?.sampleId ?? 0);
    expect(dominators.rows.map(({ id }) => id)).toContain(object.id);
    const retainers = await snapshot.retainers(object.id);
    expect(retainers.rows[0]).toMatchObject({ name: 'sessions', object: { type: 'SessionStore' } });
    const dominated = await snapshot.dominated(object.id, { limit: 1 });
    expect(dominated.rows[0].retainedBytes).toBeGreaterThan(900 * 100);
    const shortest = await snapshot.shortestPath(object.id);
    expect(shortest.stops.at(-1)).toMatchObject({ id: object.id, edge: 'sessions' });
  });

  test('tells what the code of a file made and keeps, and what one class of it does', async () => {
    const all = await snapshot.findByCode({ file: 'session-class.mjs' });
    expect(all.files).toEqual([run.program]);
    const ofClass = all.code.rows.find(({ type }) => type === 'Session');
    expect(ofClass).toMatchObject({ objects: 901, location: { line: constructorLine() } });
    expect(all.retainedBytes).toBeGreaterThan(ofClass?.retainedBytes ?? Infinity);
    const one = await snapshot.findByCode({ file: run.program, line: constructorLine() + 2 });
    expect(one.code.rows[0].location.line).toBe(constructorLine());
    expect((await snapshot.findByCode({ file: 'lass.mjs' })).files).toEqual([]);
  });

  test('is compared with an earlier file, and with an earlier open snapshot, alike', async () => {
    const fromFile = await snapshot.compare(run.files[0], { filter: 'Session' });
    expect(fromFile.classes.rows.find(({ type }) => type === 'Session')).toMatchObject({
      newObjects: 800,
      goneObjects: 0,
      keptObjects: 100,
    });
    const earlier = await openSnapshot(run.files[0]);
    expect(await snapshot.compare(earlier, { filter: 'Session' })).toEqual(fromFile);
    expect((await errorOf(earlier.compare(snapshot))).code).toBe('EBB_HEAP_WRONG_ORDER');
    await earlier.close();
    expect((await errorOf(snapshot.compare(other.files[0]))).code).toBe('EBB_HEAP_DIFFERENT_PROGRAMS');
    expect((await errorOf(snapshot.compare(join(folder.root, 'none')))).code).toBe('EBB_HEAP_FILE_NOT_FOUND');
  });

  test('says what leaks, after earlier ones', async () => {
    const report = await snapshot.findings(run.files.slice(0, 2));
    expect(report).toMatchObject({ verdict: 'leak', findings: [{ subject: 'sessions (Map)' }] });
    const holder = report.findings[0].path.find(({ name }) => name === 'sessions');
    expect((await snapshot.object(holder?.nodeId ?? 0)).object).toMatchObject({ type: 'Map', name: 'sessions' });
  });

  test('has no secret in any answer', async () => {
    const [{ object }] = (await snapshot.findByName({ name: 'sessions' })).rows;
    const strings = await snapshot.objects({ type: 'string', limit: 100 });
    const session = (await snapshot.objects({ type: 'Session', limit: 1 })).rows[0];
    const answers = await Promise.all([
      snapshot.object(object.id, { limit: 1000 }),
      snapshot.object(session.id),
      snapshot.path(session.id),
      snapshot.shortestPath(session.id),
      snapshot.dominated(object.id),
      snapshot.contents(),
      snapshot.classes({ limit: 1000 }),
      ...strings.rows.map(({ id }) => snapshot.retainers(id)),
    ]);
    const text = JSON.stringify([strings, ...answers]);
    expect(text).toContain('Session');
    expect(text).not.toContain('SECRET');
  });

  test('tells its strings when it is opened so', async () => {
    const open = await openSnapshot(run.files[0], { allowStrings: true });
    const parts = await open.findByName({ name: 'first', limit: 1000 });
    expect(parts.rows.map(({ object }) => object.text)).toContain('SECRET-session-');
    await open.close();
  });
});

test('opening tells how far it is, and so does a query that reads another file', async () => {
  const told: AnalyzeProgress[] = [];
  const onProgress = (progress: AnalyzeProgress): void => void told.push(progress);
  const open = await openSnapshot(run.files[1], { onProgress });
  const reading = told.filter(({ phase }) => phase === 'reading').map(({ fraction }) => fraction);
  expect(reading.length).toBeGreaterThan(1);
  expect(reading.at(-1)).toBe(1);
  told.length = 0;
  await open.compare(run.files[0], {}, { onProgress });
  expect(told.some(({ file }) => file === run.files[0])).toBe(true);
  await open.close();
});

describe('queries', () => {
  test('are served in the order in which they are asked, while the event loop turns', async () => {
    const done: string[] = [];
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await Promise.all([
      snapshot.compare(run.files[1]).then(() => done.push('compare')),
      snapshot.summary().then(() => done.push('summary')),
      snapshot.classes().then(() => done.push('classes')),
    ]);
    clearInterval(timer);
    expect(done).toEqual(['compare', 'summary', 'classes']);
    expect(turns).toBeGreaterThan(5);
  });

  test('that are called off reject at once with EBB_HEAP_ABORTED, waiting or under way, and the others are served', async () => {
    const underWay = new AbortController();
    const waiting = new AbortController();
    let told = 0;
    const open = await openSnapshot(run.files[2]);
    const first = open.compare(run.files[0], {}, { signal: underWay.signal, onProgress: () => told++ });
    const second = open.compare(run.files[1], {}, { signal: waiting.signal });
    const third = open.summary();
    const reason = new Error('enough');
    waiting.abort(reason);
    underWay.abort(reason);
    const errors = await Promise.all([errorOf(first), errorOf(second)]);
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual([
      ['EBB_HEAP_ABORTED', reason],
      ['EBB_HEAP_ABORTED', reason],
    ]);
    const before = told;
    expect((await third).file).toBe(run.files[2]);
    expect(told).toBe(before);
    const late = open.summary({ signal: AbortSignal.abort(reason) });
    expect((await errorOf(late)).code).toBe('EBB_HEAP_ABORTED');
    await open.close();
  });

  test('about what is not there have codes', async () => {
    expect((await errorOf(snapshot.object(2))).code).toBe('EBB_HEAP_UNKNOWN_OBJECT');
    expect((await errorOf(snapshot.classes({ limit: 0 }))).code).toBe('EBB_HEAP_BAD_QUERY');
    expect((await snapshot.summary()).objects).toBeGreaterThan(10_000);
  });
});

describe('closing', () => {
  test('rejects what waits with EBB_HEAP_CLOSED, and what is asked after; a second time is fine', async () => {
    const open = await openSnapshot(run.files[0]);
    const [compare, summary] = [errorOf(open.compare(run.files[1])), errorOf(open.summary())];
    await Promise.all([open.close(), open.close()]);
    expect([(await compare).code, (await summary).code]).toEqual(['EBB_HEAP_CLOSED', 'EBB_HEAP_CLOSED']);
    expect((await errorOf(open.summary())).code).toBe('EBB_HEAP_CLOSED');
    await open[Symbol.asyncDispose]();
  });

  test('is not needed for the process to end; a query that waits keeps it until the answer', async () => {
    const script = `
      import { openSnapshot } from '@ebb/heap';
      const snapshot = await openSnapshot(process.argv[1]);
      void snapshot.summary().then(({ nodeVersion }) => console.log(nodeVersion));`;
    const at = join(import.meta.dirname, '../..');
    const args = ['--input-type=module', '--eval', script, run.files[0]];
    const ended = await promisify(execFile)(process.execPath, args, { cwd: at });
    expect(ended.stdout).toBe(`${process.version}\n`);
  });
});

describe('opening', () => {
  test('can be called off', async () => {
    const controller = new AbortController();
    const reason = new Error('the user closed the window');
    const opening = openSnapshot(run.files[0], {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    const { code, cause } = await errorOf(opening);
    expect([code, cause]).toEqual(['EBB_HEAP_ABORTED', reason]);
    expect((await errorOf(openSnapshot(run.files[0], { signal: AbortSignal.abort() }))).code).toBe('EBB_HEAP_ABORTED');
  });

  test.each([
    ['no file', 'none', 'EBB_HEAP_FILE_NOT_FOUND'],
    ['a program', run0(), 'EBB_HEAP_NOT_A_SNAPSHOT'],
  ])('%s: an error with its code', async (_, file, code) => {
    expect((await errorOf(openSnapshot(join(folder.root, file)))).code).toBe(code);
  });

  test('with less memory than a thread needs to start is refused', async () => {
    expect((await errorOf(openSnapshot(run.files[2], { maxScriptHeapMb: 2 }))).code).toBe('EBB_HEAP_BAD_QUERY');
  });
});

test('a thread that runs out of memory ends what is under way and what waits with EBB_HEAP_WORKER_FAILED', async () => {
  // Each object of a class of its own, with a long name: a table of classes is made of strings.
  const nodes = Array.from({ length: 150_000 }, (_, at) => ({ id: 2 * at + 3, name: `Class${at}`.padEnd(240, '_') }));
  const edges = nodes.map(({ id }) => ({ from: 1, to: id }));
  const spec = { nodes: [{ id: 1, type: 'synthetic' as const }, ...nodes], edges };
  const file = join(folder.root, 'many-classes.heapsnapshot');
  writeFileSync(file, buildSnapshot(spec));
  const open = await openSnapshot(file, { maxScriptHeapMb: 16 });
  const [classes, summary] = [errorOf(open.classes()), errorOf(open.summary())];
  expect([(await classes).code, (await summary).code]).toEqual(['EBB_HEAP_WORKER_FAILED', 'EBB_HEAP_WORKER_FAILED']);
  expect((await classes).message).toContain(file);
  await open.close();
});

test('a thread that dies takes all that waits with it: every query rejects with EBB_HEAP_WORKER_FAILED', async () => {
  // From the source there is no compiled worker: the thread dies as it starts.
  const thread = new QueryThread({ file: 'a.heapsnapshot', cwd: '/', allowStrings: false }, undefined);
  const waiting = [thread.opened({}), thread.ask('summary', null, {}), thread.ask('object', { id: 3 }, {})];
  const ends = await Promise.allSettled(waiting);
  ends.push(...(await Promise.allSettled([thread.ask('summary', null, {})])));
  const failed = { status: 'rejected', reason: { code: 'EBB_HEAP_WORKER_FAILED' } };
  expect(ends).toMatchObject([failed, failed, failed, failed]);
  await thread.close();
});

/** A file of the folder that is no snapshot. */
function run0(): string {
  return folder.copy('module-map.mjs', 'text').slice(folder.root.length + 1);
}

/** The line of the constructor of the program's class Session: where V8 says that the class is. */
function constructorLine(): number {
  return (
    readFileSync(run.program, 'utf8')
      .split('\n')
      .findIndex((line) => line.startsWith('class Session ')) + 2
  );
}
