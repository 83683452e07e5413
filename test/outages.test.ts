// The two outages that Ebb was made for, played live by `ebb demo`, and their postmortems held against those of then: what they
// tell, and Ebb could know, is there.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const ebb = join(import.meta.dirname, '../packages/cli/bin/ebb.js');
const folder = mkdtempSync(join(tmpdir(), 'ebb-outages-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function demo(outage: string): Promise<{ code: number | null; told: string; postmortem: string }> {
  const file = join(folder, `${outage}.md`);
  const child = spawn(process.execPath, [ebb, 'demo', outage, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (told += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, told, postmortem: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

/** What each of the two tells of every outage. */
const ofBoth: [string, RegExp][] = [
  ['how long it took, in UTC', /\*\*Duration:\*\* .* from 20\d\d-\d\d-\d\d \d\d:\d\d UTC/],
  ['what it did to its users', /\*\*Impact:\*\* ./],
  ['when it was noticed, and by whom', /\*\*Time to detect:\*\*/],
  ['when somebody was on it', /\*\*acknowledged:\*\*/],
  ['when it was over', /\*\*resolved:\*\*/],
  ['that reviews of code are to look for leaks', /\(lint\):\*\*/],
  ['that memory use is to be tested', /\(test\):\*\*/],
  ['that alerts are to come earlier', /\(alert\):\*\*/],
  ['a review within a week', /## Review\n\n20\d\d-/],
  ['how a leak turns into an outage, as a picture', /!\[From cause to effect: (A change: .*; then )?A leak: /],
];

test(
  'outage 1: the leak in the session handling is named, the newer release exonerated, and nobody waits for anything',
  { timeout: 1_200_000 },
  async () => {
    const { code, told, postmortem } = await demo('outage-1');
    expect([code, told]).toEqual([0, expect.stringMatching(/ 0 failed;/)]);
    const facts: [string, RegExp][] = [
      ...ofBoth,
      [
        'the cause: session handling',
        /\*\*Root cause:\*\* A memory leak: sessions \(Map\) at `[^`]*\/session\/session-store\.ts:\d+`/,
      ],
      ['which the recent update of the data processing was not', /1\.2 is exonerated: 1\.1 grew/],
      ['and a rollback of it in vain', /Rolling back 1\.2 will not help/],
      ['the true culprit', /1\.1 is guilty/],
      ['that the team of the code was called in', /grace is paged: called in by/],
      ['that it was mended', /1\.3 helped: memory grows/],
    ];
    for (const [what, pattern] of facts) expect(postmortem, what).toMatch(pattern);
  },
);

test(
  'outage 2: the leak behind the CPU is named, and the rollback of the release that brought it helps',
  { timeout: 1_200_000 },
  async () => {
    const { code, told, postmortem } = await demo('outage-2');
    expect([code, told]).toEqual([0, expect.stringMatching(/ 0 failed;/)]);
    const facts: [string, RegExp][] = [
      ...ofBoth,
      // Monitoring's page comes where the machine has CPU to spare, the collector's share where it has not.
      ['that the CPU was busy', /HighCPU \(cpu, page|garbage collection \(gc\): up to \d+ % of the time/],
      ['the cause: a memory leak', /\*\*Root cause:\*\* A memory leak: .* at `[^`]*\/(orders|dashboard)\/[^`]*:\d+`/],
      ['in a recently deployed change', /2\.0 is guilty/],
      ['that a rollback would help', /Rolling back 2\.0 to 1\.0 will help/],
      ['and did', /1\.0 (again )?helped: memory grows/],
    ];
    for (const [what, pattern] of facts) expect(postmortem, what).toMatch(pattern);
  },
);
