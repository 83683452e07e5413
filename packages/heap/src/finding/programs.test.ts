// Programs that leak in each of the usual ways, run for real: what the report says of them, and what it keeps to itself.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { programFolder, programPath, type ProgramRun } from '../fixtures/programs/run-program.ts';
import { analyze } from './analyze.ts';
import type { Finding, FindingKind, FindingsReport } from './finding.ts';

const folder = programFolder();
afterAll(() => folder.stop());

const analyzeRun = (files: string[], cwd: string): FindingsReport => {
  return analyze({ files, cwd, work: [], onProgress: () => undefined });
};

interface Expected {
  program: string;
  kind: FindingKind;
  subject: string;
  holder: { name: string; type: string };
  sampleType: string;
  /** What one iteration adds, within a fifth. */
  bytesEach: number;
}

const leaks: Expected[] = [
  {
    program: 'session-class.mjs',
    kind: 'collection',
    subject: 'sessions (Map)',
    holder: { name: 'sessions', type: 'Map' },
    sampleType: 'Session',
    bytesEach: 263,
  },
  {
    program: 'module-map.mjs',
    kind: 'collection',
    subject: 'responses (Map)',
    holder: { name: 'responses', type: 'Map' },
    sampleType: 'Object',
    bytesEach: 471,
  },
  {
    program: 'module-map.cjs',
    kind: 'collection',
    subject: 'responses (Map)',
    holder: { name: 'responses', type: 'Map' },
    sampleType: 'Object',
    bytesEach: 471,
  },
  {
    program: 'closure-array.mjs',
    kind: 'collection',
    subject: 'undoSteps (Array)',
    holder: { name: 'undoSteps', type: 'Array' },
    sampleType: 'function',
    bytesEach: 203,
  },
  {
    program: 'buffers.mjs',
    kind: 'buffer',
    subject: 'uploads (Array)',
    holder: { name: 'uploads', type: 'Array' },
    sampleType: 'Buffer',
    bytesEach: 10_200,
  },
  {
    program: 'strings.mjs',
    kind: 'collection',
    subject: 'seen (Set)',
    holder: { name: 'seen', type: 'Set' },
    sampleType: 'string',
    bytesEach: 150,
  },
  {
    program: 'private-field.mjs',
    kind: 'collection',
    subject: '#attempts (Array)',
    holder: { name: '#attempts', type: 'Array' },
    sampleType: 'Object',
    bytesEach: 107,
  },
  {
    program: 'closed-over.cjs',
    kind: 'collection',
    subject: 'visits (Map)',
    holder: { name: 'visits', type: 'Map' },
    sampleType: 'Object',
    bytesEach: 143,
  },
  {
    program: 'exported.mjs',
    kind: 'collection',
    subject: 'sentMails (Array)',
    holder: { name: 'sentMails', type: 'Array' },
    sampleType: 'Object',
    bytesEach: 107,
  },
  {
    program: 'module-exports.cjs',
    kind: 'collection',
    subject: 'rendered (Object)',
    holder: { name: 'rendered', type: 'Object' },
    sampleType: 'Object',
    bytesEach: 158,
  },
  {
    program: 'weak-map.mjs',
    kind: 'collection',
    subject: 'prepared (WeakMap)',
    holder: { name: 'prepared', type: 'WeakMap' },
    sampleType: 'Object',
    bytesEach: 99,
  },
  {
    program: 'dictionary.mjs',
    kind: 'collection',
    subject: 'accounts (Object)',
    holder: { name: 'accounts', type: 'Object' },
    sampleType: 'Object',
    bytesEach: 142,
  },
];

/** Runs a program and expects one finding that gives nothing away. */
async function onlyFinding(program: string): Promise<{ run: ProgramRun; finding: Finding; report: FindingsReport }> {
  const run = await folder.run(program);
  const report = analyzeRun(run.files, folder.root);
  expect(report.verdict).toBe('leak');
  expect(report.findings).toHaveLength(1);
  expect(JSON.stringify(report)).not.toContain('SECRET');
  return { run, report, finding: report.findings[0] };
}

function expectSteps({ steps = [], growthBytes, growthCount }: Finding, countEach: number, bytesEach: number): void {
  const [iterations, stepCount] = [400, 2];
  expect(steps).toHaveLength(stepCount);
  for (const step of steps) {
    expect(step.count).toBe(iterations * countEach);
    expect(step.bytes).toBeGreaterThan(iterations * bytesEach * 0.8);
    expect(step.bytes).toBeLessThan(iterations * bytesEach * 1.2);
  }
  expect(growthCount).toBe(stepCount * iterations * countEach);
  expect(growthBytes).toBe(steps.reduce((sum, step) => sum + step.bytes, 0));
}

describe('the line that holds and the line that adds are found', () => {
  test.concurrent.each(leaks)('in $program', async ({ program, kind, subject, holder, sampleType, bytesEach }) => {
    const { run, finding } = await onlyFinding(program);
    expect(finding).toMatchObject({ kind, subject, holder });
    expect(finding.holder.location).toMatchObject({ file: run.program, line: run.lineOf('declared') });
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expect(finding.removedAt).toEqual([]);
    expect(finding.sample.type).toBe(sampleType);
    expectSteps(finding, 1, bytesEach);
    expect(finding.path.some((place) => place.reason === finding.holder.reason)).toBe(true);
  });

  test.concurrent.each([
    {
      program: 'emitter.mjs',
      subject: 'listeners of "order:paid" on bus (EventEmitter)',
      of: 'bus',
      type: 'function',
      bytesEach: 204,
    },
    {
      program: 'event-target.mjs',
      subject: 'listeners of "paid" on orders (EventTarget)',
      of: 'orders',
      type: 'Listener',
      bytesEach: 256,
    },
    {
      program: 'symbol-listeners.mjs',
      subject: 'listeners on bus (Bus)',
      of: 'bus',
      type: 'function',
      bytesEach: 214,
    },
    {
      program: 'abort-signal.mjs',
      subject: 'listeners of "abort" on shutdown (AbortController)',
      of: 'shutdown',
      type: 'Listener',
      bytesEach: 336,
    },
  ])('for listeners, what they listen to and the line that registers them: in $program', async (expected) => {
    const { run, finding } = await onlyFinding(expected.program);
    expect(finding).toMatchObject({ kind: 'listener', subject: expected.subject, sample: { type: expected.type } });
    expect(finding.holder.location).toMatchObject({ file: run.program });
    expect(finding.path.map((place) => place.name)).toContain(expected.of);
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expectSteps(finding, 1, expected.bytesEach);
  });

  test.concurrent('in TypeScript, as it was written, when what runs is compiled JavaScript', async () => {
    const { outputText, sourceMapText } = ts.transpileModule(readFileSync(programPath('typed-store.ts'), 'utf8'), {
      fileName: 'typed-store.ts',
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, sourceMap: true },
    });
    const source = folder.copy('typed-store.ts', 'app');
    const compiled = join(folder.root, 'app/typed-store.mjs');
    writeFileSync(compiled, outputText.replace('=typed-store.js.map', '=typed-store.mjs.map'));
    writeFileSync(`${compiled}.map`, sourceMapText ?? '');
    const { finding } = await onlyFinding(compiled);
    const lines = readFileSync(source, 'utf8').split('\n');
    const lineOf = (mark: string): number => lines.findIndex((line) => line.endsWith(`// ${mark}`)) + 1;
    const place = { file: source, repoPath: 'app/typed-store.ts' };
    expect(finding.holder).toMatchObject({ name: 'carts', location: { ...place, line: lineOf('declared') } });
    expect(finding.insertedAt).toMatchObject({ ...place, line: lineOf('inserted') });
    expectSteps(finding, 1, 185);
  });
});

describe('leaks that no collection holds are told too', () => {
  test.concurrent('timers that are never cleared, with the line of their function', async () => {
    const { run, finding } = await onlyFinding('interval.mjs');
    expect(finding).toMatchObject({ kind: 'timer', sample: { type: 'Timeout' } });
    expect(finding.subject).toBe('timers');
    expect(finding.path[0].name).toBe('timerListMap');
    expect(finding.holder.location).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expectSteps(finding, 1, 396);
  });

  test.concurrent('timers of one function, with the line that starts them', async () => {
    const { run, finding } = await onlyFinding('timeouts.mjs');
    expect(finding).toMatchObject({ kind: 'timer', subject: 'timers of expire()' });
    expect(finding.path[0].name).toBe('timerListMap');
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expectSteps(finding, 1, 304);
  });

  test.concurrent('async functions that wait for ever, by their name and the line that waits', async () => {
    const { run, finding } = await onlyFinding('waits.mjs');
    expect(finding).toMatchObject({ kind: 'promise', subject: 'drained (Promise)' });
    expect(finding.holder.location).toMatchObject({ file: run.program, line: run.lineOf('declared') });
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expect(finding.path.at(-1)).toMatchObject({ type: 'Generator of handle', location: { file: run.program } });
  });

  test.concurrent('reactions that hang on a promise which never settles', async () => {
    const { run, finding } = await onlyFinding('pending-promise.mjs');
    expect(finding).toMatchObject({ kind: 'promise', subject: 'closed (Promise)' });
    expect(finding.holder.location).toMatchObject({ file: run.program, line: run.lineOf('declared') });
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expect(finding.steps?.map(({ bytes }) => Math.round(bytes / 400 / 100))).toEqual([6, 6]);
  });

  test.concurrent('closures that each close over the one before', async () => {
    const { run, finding } = await onlyFinding('closure-chain.mjs');
    expect(finding).toMatchObject({ kind: 'closure', sample: { type: 'function handler' } });
    expect(finding.holder).toMatchObject({ name: 'handler', location: { line: run.lineOf('declared') } });
    expect(finding.insertedAt).toMatchObject({ file: run.program, line: run.lineOf('inserted') });
    expectSteps(finding, 1, 272);
  });
});

test.concurrent(
  'two leaks in one file are two findings with fingerprints of their own, and a ring is none',
  async () => {
    const { files, lineOf } = await folder.run('two-leaks.mjs');
    const { verdict, findings } = analyzeRun(files, folder.root);
    expect(verdict).toBe('leak');
    const found = findings.filter((finding) => finding.verdict === 'leak');
    expect(found.map(({ holder }) => [holder.name, holder.location?.line])).toEqual([
      ['visits', lineOf('declared visits')],
      ['errors', lineOf('declared errors')],
    ]);
    expect(new Set(findings.map(({ fingerprint }) => fingerprint)).size).toBe(findings.length);
  },
);

test.concurrent.each([
  { points: [100, 1100, 3400], work: [0, 1000, 3300], verdict: 'leak', says: 'keeps growing' },
  { points: [100, 1600, 3100], work: [], verdict: 'suspect', says: 'grew' },
])(
  'values that bring no objects are a $verdict after so much work: $points',
  async ({ points, work, verdict, says }) => {
    const { files, lineOf } = await folder.run('values.mjs', { points });
    const report = analyze({ files, cwd: folder.root, work, onProgress: () => undefined });
    expect(report.verdict).toBe(verdict);
    const told = new Map(report.findings.map((finding) => [finding.holder.name, finding]));
    expect([...told.keys()].sort()).toEqual(['durations', 'seen', 'state']);
    expect(told.get('durations')?.insertedAt?.line).toBe(lineOf('inserted durations'));
    expect(told.get('durations')?.holder.location?.line).toBe(lineOf('declared durations'));
    expect(told.get('seen')?.insertedAt?.line).toBe(lineOf('inserted seen'));
    for (const { title, growthCount, growthBytes, sample } of report.findings) {
      expect(title).toContain(says);
      expect(title).toMatch(/: \+[\d.]+ [KM]B of (?:values that are no objects|Buffers|strings)$/u);
      expect({ growthCount, count: sample.count }).toEqual({ growthCount: 0, count: 0 });
      expect(growthBytes).toBeGreaterThan(40_000);
    }
    expect(JSON.stringify(report)).not.toContain('SECRET');
  },
);

test.concurrent('a program with a bounded cache, batches, expiring sessions and cleared timers is clean', async () => {
  const { files } = await folder.run('healthy.mjs');
  expect(analyzeRun(files, folder.root)).toMatchObject({ verdict: 'clean', findings: [] });
});

test.concurrent(
  'a server with an LRU, memoized answers, a pool, a ring of log lines and a queue that drains is clean',
  async () => {
    const { files } = await folder.run('healthy-server.mjs', { points: [300, 700, 1100, 1500] });
    expect(analyzeRun(files, folder.root)).toMatchObject({ verdict: 'clean', findings: [] });
  },
);

test.concurrent('ten leaks of ten kinds in one server are ten findings, each by its name', async () => {
  const { files } = await folder.run('leaky-server.mjs', { points: [200, 600, 1000] });
  const { findings } = analyzeRun(files, folder.root);
  expect(findings.map(({ verdict, growthCount }) => [verdict, growthCount])).toEqual(new Array(10).fill(['leak', 800]));
  expect(findings.map(({ subject }) => subject).sort()).toEqual([
    'audit (Array)',
    'bucketsByMinute (Object)',
    'finalizers (FinalizationRegistry)',
    'gate (Promise)',
    'history (Array)',
    'instances (Set)',
    'lastError (Error)',
    'listeners of "data" on upstream (EventEmitter)',
    'locks (Map)',
    'streams (Array)',
  ]);
});

test.concurrent('the work done before each snapshot makes unequal steps comparable', async () => {
  const { files } = await folder.run('module-map.mjs', { points: [100, 900, 1100] });
  const told = (work: number[]): string => analyze({ files, cwd: '/', work, onProgress: () => undefined }).verdict;
  expect([told([]), told([100, 900, 1100])]).toEqual(['bounded', 'leak']);
});

test.concurrent('one snapshot gives a suspect: what holds much in many pieces, without a word on growth', async () => {
  const { files, program, lineOf } = await folder.run('buffers.mjs', { points: [1000] });
  const { verdict, findings } = analyzeRun(files, folder.root);
  expect(verdict).toBe('suspect');
  expect(findings[0]).toMatchObject({ kind: 'buffer', subject: 'uploads (Array)', sample: { count: 1000 } });
  expect(findings[0].holder.location).toMatchObject({ file: program, line: lineOf('declared') });
  expect(findings[0].retainedBytes).toBeGreaterThan(10e6);
  expect(findings[0]).not.toHaveProperty('growthBytes');
  expect(findings[0]).not.toHaveProperty('steps');
});
