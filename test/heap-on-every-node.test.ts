// Programs leak on each Node; the analyser as it is shipped, here on one Node, finds the same in all of their snapshots.
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeSnapshots, type Finding } from '@ebb/heap';
import { programFolder } from '../packages/heap/src/fixtures/programs/run-program.ts';
import { availableNodes } from './nodes/index.ts';

const folder = programFolder();
afterAll(() => folder.stop());

const programs = [
  'session-class.mjs',
  'module-map.cjs',
  'emitter.mjs',
  'private-field.mjs',
  'exported.mjs',
  'event-target.mjs',
  'waits.mjs',
  'weak-map.mjs',
  'timeouts.mjs',
];

/** All that is the same wherever the leak is found. */
const identity = ({
  fingerprint,
  verdict,
  kind,
  subject,
  holder,
  insertedAt,
  growthCount,
  sample,
}: Finding): unknown => {
  const { nodeId: _, ...place } = holder; // an object's number is another in every run
  return { fingerprint, verdict, kind, subject, holder: place, insertedAt, growthCount, sample };
};

const seen = new Map<string, unknown>();

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test.each(programs)('%s leaks the same at the same lines, under the same fingerprint', async (program) => {
    const { files, lineOf } = await folder.run(program, { node });
    const report = await analyzeSnapshots(files);
    expect(report.verdict).toBe('leak');
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0].insertedAt?.line).toBe(lineOf('inserted'));
    expect(JSON.stringify(report)).not.toContain('SECRET');
    const told = identity(report.findings[0]);
    if (!seen.has(program)) seen.set(program, told);
    expect({ major, told }).toEqual({ major, told: seen.get(program) });
  });
});
