import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begins with what takes minutes of waiting, so that the rest runs beside it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      moduleId.endsWith('/test/outages.test.ts') || moduleId.endsWith('/storefront/src/leaks.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// One run over the whole repository. Tests stand beside the code they are about; what needs several packages at
// once stands in test/. A package's own code runs from src/, the other packages' from dist/, as their users get it.
export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'examples/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'],
    // Many tests start real processes, on machines with two busy cores. These are watchdogs, not expectations.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // They wait for processes half of the time.
    maxWorkers: Math.max(4, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    // What a test changed in the environment or mocked is gone before the next one.
    unstubEnvs: true,
    restoreMocks: true,
  },
});
