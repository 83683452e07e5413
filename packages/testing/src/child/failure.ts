import { TestError } from '../errors/test-error.ts';
import type { TestErrorCode } from '../errors/registry.ts';
import type { Message, Phase, Thrown } from '../runner/protocol.ts';

/** What is known about a process that ended before it was asked to. */
export interface LastWords {
  readonly uncaught: Extract<Message, { type: 'uncaught' }> | null;
  readonly ranDry: Extract<Message, { type: 'ranDry' }> | null;
  readonly exit: Extract<Message, { type: 'exit' }> | null;
  readonly exitCode: number | null;
  /** Where it was last heard of. */
  readonly lastSeen: { phase: Phase; iteration: number };
  readonly signal: string | null;
  /** The end of what the process printed. */
  readonly output: string;
}

const FAILED_CODES: Partial<Record<Phase, TestErrorCode>> = {
  import: 'EBB_TEST_IMPORT_FAILED',
  setup: 'EBB_TEST_SETUP_FAILED',
  iterate: 'EBB_TEST_ITERATE_FAILED',
  teardown: 'EBB_TEST_TEARDOWN_FAILED',
};

/** The error for a call of the workload that threw. */
export function failedCall(file: string, { phase, iteration, error }: Extract<Message, { type: 'failed' }>): TestError {
  const code = FAILED_CODES[phase];
  const what =
    code === undefined ? `the measuring of '${file}' failed` : `${call(phase, iteration)} of '${file}' threw`;
  return new TestError(code ?? 'EBB_TEST_NOT_STARTED', `${what} ${told(error)}`);
}

/** The error for a process that ended by itself. */
export function endedEarly(file: string, words: LastWords): TestError {
  const known = words.exit ?? words.uncaught ?? words.ranDry;
  const place = known === null ? placeOf(words.lastSeen, ' or soon after it') : placeOf(known);
  if (/JavaScript heap out of memory|FATAL ERROR: .*[Aa]llocation failed/u.test(words.output)) {
    return new TestError('EBB_TEST_OUT_OF_MEMORY', `'${file}' used up the heap of its process${place}`);
  }
  if (words.uncaught !== null && words.exit !== null && words.exit.exitCode !== 0) {
    return new TestError('EBB_TEST_UNCAUGHT', `'${file}' died${place} of ${told(words.uncaught.error)}`);
  }
  if (words.ranDry !== null && words.ranDry.iteration === words.exit?.iteration) {
    const { phase, iteration } = words.ranDry;
    return new TestError(
      'EBB_TEST_NEVER_SETTLES',
      `${call(phase, iteration)} of '${file}' never came to an end: its promise is open, and nothing is left that could settle it`,
    );
  }
  if (words.signal !== null) {
    return new TestError('EBB_TEST_KILLED', `the process of '${file}' was ended by ${words.signal}${place}`);
  }
  const code = words.exit?.exitCode ?? words.exitCode;
  return new TestError(
    'EBB_TEST_EXITED',
    `'${file}' ended its process by itself, with exit code ${String(code)}${place}`,
  );
}

/** The error for a call that does not end. `answers`: whether the event loop still turns. */
export function stalled(file: string, phase: Phase, iteration: number, limitMs: number, answers: boolean): TestError {
  const seconds = `${String(limitMs / 1000)} s`;
  const what = answers
    ? `${call(phase, iteration)} of '${file}' did not end within ${seconds}`
    : `'${file}' has kept the event loop busy for ${seconds}, in ${call(phase, iteration)}${phase === 'iterate' ? ' or soon after it' : ''}`;
  return new TestError('EBB_TEST_STALLED', what);
}

/** ` in iterate(17)`; `soonAfter` is added where only the start of a row of iterations is known. */
export function placeOf(at: { phase: Phase; iteration: number }, soonAfter = ''): string {
  if (at.phase === 'settle' || at.phase === 'wait')
    return ` after ${String(at.iteration)} iterations, between two of them`;
  return ` in ${call(at.phase, at.iteration)}${at.phase === 'iterate' ? soonAfter : ''}`;
}

function call(phase: Phase, iteration: number): string {
  switch (phase) {
    case 'import':
      return 'the import';
    case 'setup':
    case 'teardown':
      return `${phase}()`;
    case 'iterate':
      return `iterate(${String(iteration)})`;
    case 'snapshot':
      return 'the writing of a heap snapshot';
    default:
      return `the time after ${String(iteration)} iterations`;
  }
}

/** The error as its reader knows it: the stack without the frames of the runner and of Node.js. */
function told({ summary, stack }: Thrown): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /u.test(line));
  const own = frames.filter(
    (line) => !/[\\/]runner[\\/](?:main|stretch|workload)\.[jt]s|\bnode:internal\//u.test(line),
  );
  const head = stack === '' || stack.includes(summary) ? '' : `${summary}\n`;
  if (stack === '') return summary;
  const text = stack.split('\n').filter((line) => !frames.includes(line));
  return `${head}${[...text, ...own].join('\n')}`.trimEnd();
}
