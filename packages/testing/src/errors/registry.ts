/** Codes of every error that a memory test reports. Stable: scripts and documentation may rely on them. */
export type TestErrorCode =
  | 'EBB_TEST_FILE_NOT_FOUND'
  | 'EBB_TEST_IMPORT_FAILED'
  | 'EBB_TEST_NO_ITERATE'
  | 'EBB_TEST_SETUP_FAILED'
  | 'EBB_TEST_ITERATE_FAILED'
  | 'EBB_TEST_TEARDOWN_FAILED'
  | 'EBB_TEST_UNCAUGHT'
  | 'EBB_TEST_NEVER_SETTLES'
  | 'EBB_TEST_EXITED'
  | 'EBB_TEST_KILLED'
  | 'EBB_TEST_OUT_OF_MEMORY'
  | 'EBB_TEST_STALLED'
  | 'EBB_TEST_TIME_LIMIT'
  | 'EBB_TEST_NOT_STARTED'
  | 'EBB_TEST_NO_SNAPSHOT'
  | 'EBB_TEST_ANALYSIS_FAILED'
  | 'EBB_TEST_ABORTED'
  | 'EBB_TEST_NO_FUNCTION'
  | 'EBB_TEST_BUDGET';

/** What a code means, what a reader can do about it, and how `ebb test` ends. */
export interface TestErrorEntry {
  /** 2: the workload cannot be used as it is; 3: Ebb could not finish. */
  readonly exitCode: 2 | 3;
  /** One sentence on what happened. */
  readonly meaning: string;
  /** What to do next. */
  readonly next: string;
}

/** The one list of errors of this package; documentation and tests are held against it. */
export const TEST_ERRORS: Readonly<Record<TestErrorCode, TestErrorEntry>> = {
  EBB_TEST_FILE_NOT_FOUND: {
    exitCode: 2,
    meaning: 'The workload does not exist, is no file, or may not be read.',
    next: 'give the path of a module that exports `iterate(i)`; paths are relative to the working directory',
  },
  EBB_TEST_IMPORT_FAILED: {
    exitCode: 2,
    meaning:
      'The workload could not be imported: it is no JavaScript module, lacks a dependency, or threw while it was loaded.',
    next: 'mend what the stack names; `node FILE` shows the same error',
  },
  EBB_TEST_NO_ITERATE: {
    exitCode: 2,
    meaning: 'The module was loaded, but exports no function `iterate`.',
    next: 'export `iterate(i)`, which does one unit of work, and awaits it; `setup()` and `teardown()` are optional',
  },
  EBB_TEST_SETUP_FAILED: {
    exitCode: 2,
    meaning: 'The `setup()` of the workload threw or rejected.',
    next: 'mend what the stack names; no iteration has run yet',
  },
  EBB_TEST_ITERATE_FAILED: {
    exitCode: 2,
    meaning: 'An `iterate(i)` of the workload threw or rejected.',
    next: 'mend what the stack names; every iteration must succeed, a failing one measures something else',
  },
  EBB_TEST_TEARDOWN_FAILED: {
    exitCode: 2,
    meaning: 'The `teardown()` of the workload threw or rejected, after the measuring.',
    next: 'mend what the stack names',
  },
  EBB_TEST_UNCAUGHT: {
    exitCode: 2,
    meaning: 'The workload died of an error that nobody caught, outside of the calls that Ebb makes.',
    next: 'mend what the stack names; an event emitter without an error handler and a promise nobody awaits are usual',
  },
  EBB_TEST_NEVER_SETTLES: {
    exitCode: 2,
    meaning: 'A promise of the workload never settles: nothing was left that could have resolved it.',
    next: 'look for a callback or an event that never comes, or a promise whose resolve is never called',
  },
  EBB_TEST_EXITED: {
    exitCode: 2,
    meaning: 'What was measured ended its process by itself, or wanted to.',
    next: 'let it return instead of calling process.exit(); a process ends by itself when all is measured',
  },
  EBB_TEST_KILLED: {
    exitCode: 3,
    meaning: 'The process of the workload was ended by a signal that Ebb did not send.',
    next: 'SIGKILL mostly means that the machine or the container ran out of memory; SIGSEGV points to a native addon',
  },
  EBB_TEST_OUT_OF_MEMORY: {
    exitCode: 3,
    meaning: 'The workload used up the heap of its process before it could be measured.',
    next: 'do less in one iteration, or give it more heap: NODE_OPTIONS=--max-old-space-size=4096',
  },
  EBB_TEST_STALLED: {
    exitCode: 3,
    meaning: 'One call did not come to an end in time; a workload of `ebb test` was ended with its process.',
    next: 'look for a loop that does not end or an answer that does not come; `--stall-limit SECONDS`, in tests `stallLimitMs`, gives one call more time',
  },
  EBB_TEST_TIME_LIMIT: {
    exitCode: 3,
    meaning: 'The whole test took longer than its time limit; the process of the workload was ended.',
    next: 'make an iteration smaller, or raise `--time-limit SECONDS`',
  },
  EBB_TEST_NOT_STARTED: {
    exitCode: 3,
    meaning: 'The process for the workload, or its temporary folder, could not be made.',
    next: 'look at the limits on processes and memory, and at the folder for temporary files (TMPDIR)',
  },
  EBB_TEST_NO_SNAPSHOT: {
    exitCode: 3,
    meaning: 'A heap snapshot of the workload could not be written.',
    next: 'free memory and room on the disk of the temporary folder (TMPDIR), or make the workload smaller',
  },
  EBB_TEST_ANALYSIS_FAILED: {
    exitCode: 3,
    meaning: 'The heap snapshots of the workload could not be analysed.',
    next: 'the cause is named in the message; free memory if it ran out, otherwise this is a bug in Ebb: report it',
  },
  EBB_TEST_ABORTED: {
    exitCode: 3,
    meaning: 'The test was called off before it had finished.',
    next: 'start it again',
  },
  EBB_TEST_NO_FUNCTION: {
    exitCode: 2,
    meaning: 'Something that is no function was to be measured.',
    next: 'pass the function itself, not its result: `expect(() => work()).not.toLeak()`',
  },
  EBB_TEST_BUDGET: {
    exitCode: 2,
    meaning: 'A budget is no amount of memory.',
    next: "write a number of bytes, or an amount with a unit: '32 KB', '1.5 MB', '512 KiB'",
  },
};
