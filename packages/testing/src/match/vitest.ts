/** `import '@ebb/testing/vitest'` in a test or a setup file: `await expect(work).not.toLeak()`. */
import { expect } from 'vitest';
import type { MeasureOptions } from '../measure/measure-leak.ts';
import { matchers } from './matchers.ts';

declare module 'vitest' {
  // The parameters are vitest's: declarations have to agree.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Whether the function, called again and again, leaves more behind than its budget. */
    toLeak(options?: MeasureOptions): Promise<void>;
  }
}

expect.extend(matchers);
