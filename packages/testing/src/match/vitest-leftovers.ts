/** In `setupFiles` of vitest: a test file that leaves timers, handles or listeners behind fails. */
import { afterAll, beforeAll } from 'vitest';
import { failOnLeftovers } from '../leftovers/each-file.ts';

failOnLeftovers({ beforeAll, afterAll });
