/** As `vitest-leftovers`, and fails test files whose modules keep more than before, too: in `setupFiles` of vitest. */
import { afterAll, beforeAll } from 'vitest';
import { failOnLeftovers } from '../leftovers/each-file.ts';

/** Two snapshots of the process and their comparison, on a machine that does much else. */
const HOOK_LIMIT_MS = 120_000;

failOnLeftovers(
  {
    beforeAll: (run) => {
      beforeAll(run, HOOK_LIMIT_MS);
    },
    afterAll: (run) => {
      afterAll(run, HOOK_LIMIT_MS);
    },
  },
  { moduleState: true },
);
