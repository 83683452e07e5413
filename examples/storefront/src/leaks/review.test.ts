import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changes } from './changes.ts';
import { reviewOf } from './review.ts';

// The cheap part of `npm run leaks`; test and soak take minutes.
const sources = join(import.meta.dirname, '..');

test.each(Object.entries(changes))('the review of the change to %s', { timeout: 120_000 }, (_, change) => {
  const { code, rules } = reviewOf(change, sources);
  expect({ code, finds: rules.length > 0 }).toEqual({ code: change.leaks ? 1 : 0, finds: change.leaks });
});
