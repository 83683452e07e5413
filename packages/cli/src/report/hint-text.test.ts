import { expect, test } from 'vitest';
import { hintLines } from './hint-text.ts';
import type { ReportedHint } from './watch-report.ts';

const frame = (name: string, file: string, line: number): ReportedHint['allocatedAt'][number]['stack'][number] => ({
  function: name,
  file,
  line,
  column: 1,
});
const hint: ReportedHint = {
  because: { code: 'EBB_CAPTURE_NO_MEMORY', message: 'A forked snapshot takes 430 MB. Raise that limit to 532 MB.' },
  overMs: 20_000,
  requests: 600,
  allocatedAt: [
    {
      stack: [
        frame('hash', 'node:crypto', 1),
        frame('Session', '/shop/session.js', 4),
        frame('login', '/shop/login.js', 9),
        frame('handle', '/shop/node_modules/express/router.js', 7),
      ],
      grownBytes: 12.3e6,
      samples: 90,
      bytesPerRequest: 20_500,
    },
  ],
  classes: [{ name: 'Session', count: 18_204, grownCount: 6000 }],
};

test('a hint says what allocates and grows, over how much work, what counts agree, and why there is no snapshot', () => {
  expect(hintLines(hint)).toEqual([
    '     suspects, by allocation profiles over 20 s and 600 requests: who allocates what stays, not who keeps it',
    '       +12 MB, 21 KB a request: Session in /shop/session.js:4, called by login in /shop/login.js:9',
    '       live objects by class: +6,000 Session, now 18,204',
    '     no snapshot, so no leak is confirmed: A forked snapshot takes 430 MB. Raise that limit to 532 MB. (EBB_CAPTURE_NO_MEMORY)',
  ]);
});

test('a hint without anything that grew says so', () => {
  expect(hintLines({ ...hint, requests: null, allocatedAt: [], classes: null })[0]).toBe(
    '     suspects: none; by allocation profiles over 20 s nothing grew in every step',
  );
});

test('names of the program cannot reach the terminal as they are', () => {
  const [stack] = [[frame('\u001b[2J', '/shop/a.js', 1)]];
  const told = hintLines({ ...hint, allocatedAt: [{ stack, grownBytes: 1e6, samples: 9, bytesPerRequest: null }] });
  expect(told.join('')).not.toContain('\u001b');
});
