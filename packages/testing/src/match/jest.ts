/** `import '@ebb/testing/jest'` in a test or in `setupFilesAfterEnv`: `await expect(work).not.toLeak()`. */
import type { MeasureOptions } from '../measure/measure-leak.ts';
import { matchers } from './matchers.ts';

declare global {
  // How jest's own types are extended.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    interface Matchers<R> {
      /** Whether the function, called again and again, leaves more behind than its budget. */
      toLeak(options?: MeasureOptions): Promise<void>;
    }
  }
}

(globalThis as unknown as { expect: { extend(all: object): void } }).expect.extend(matchers);
