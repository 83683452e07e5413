import { expect, test } from 'vitest';
import { cleanOutput, placeTranscript } from '../scripts/transcript.mjs';

const folders = { repository: '/home/me/ebb/', temporary: '/tmp' };

test('a transcript shows what stood on the screen, without control sequences and without the names of folders', () => {
  const printed = [
    'npm warn something about this machine',
    '\u001b[1mLEAK\u001b[0m  sessions in /home/me/ebb/examples/storefront/src/session.ts:12  ',
    'reading  10 %\rreading 100 %',
    'snapshot /tmp/ebb-Xa81/1.heapsnapshot is read',
    '',
    '',
    '',
    'in file:///home/me/ebb/examples/app.ts, from /home/me/ebb',
    '',
  ].join('\n');
  expect(cleanOutput(printed, folders)).toBe(
    [
      'LEAK  sessions in examples/storefront/src/session.ts:12',
      'reading 100 %',
      'snapshot (temporary file) is read',
      '',
      'in examples/app.ts, from .',
    ].join('\n'),
  );
});

test('a transcript replaces the one before it and leaves the rest of the page alone', () => {
  const page = '# A\n<!-- transcript:start -->\nold\n<!-- transcript:end -->\nrest\n';
  const once = placeTranscript(page, 'npm start', 'new $& ``` line');
  expect(once).toBe(
    '# A\n<!-- transcript:start -->\n\n````console\n$ npm start\nnew $& ``` line\n````\n\n<!-- transcript:end -->\nrest\n',
  );
  expect(placeTranscript(once, 'npm start', 'new $& ``` line')).toBe(once);
});

test('a page without markers is refused', () => {
  expect(() => placeTranscript('# A\n', 'npm start', 'text')).toThrow('needs the lines');
});
