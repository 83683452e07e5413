import { expect, test } from 'vitest';
import { mayBecome, wrongMs } from './hypothesis.ts';

test('time on the wrong hypothesis counts what was exonerated later, and two at once count once', () => {
  const at = (state: 'suspected' | 'exonerated' | 'confirmed', sinceMs: number, decidedMs: number | null) => ({
    ...{ state, sinceMs, decidedMs },
  });
  expect(wrongMs([])).toBe(0);
  expect(wrongMs([at('suspected', 0, null), at('confirmed', 5, 50)])).toBe(0);
  expect(wrongMs([at('exonerated', 45, 60), at('exonerated', 10, 40), at('exonerated', 20, 30)])).toBe(45);
  expect(wrongMs([at('exonerated', 10, 40), at('exonerated', 30, 60)])).toBe(50);
});

test('what was exonerated stays so, what was confirmed may turn out to be wrong', () => {
  expect(mayBecome('suspected', 'confirmed')).toBe(true);
  expect(mayBecome('suspected', 'exonerated')).toBe(true);
  expect(mayBecome('confirmed', 'exonerated')).toBe(true);
  expect(mayBecome('exonerated', 'confirmed')).toBe(false);
  expect(mayBecome('suspected', 'suspected')).toBe(false);
});
