import { Chalk, supportsColor, type ChalkInstance } from 'chalk';
import { Command, InvalidArgumentError } from 'commander';
import type { FindingsReport } from '@ebb/heap';
import type { TestProgress, TestReport } from '@ebb/testing';
import { describeError } from '../errors/describe.ts';
import { stderrChalk } from '../live/choose.ts';
import { cutText } from '../live/line.ts';
import { printable, printableBlock } from '../wording/printable.ts';
import { bytes, count } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import { timedDocument } from '../report/timed-document.ts';

interface Options {
  json?: boolean;
  timeLimit: number;
  stallLimit: number;
}

/** `ebb test [--json] WORKLOAD…`: memory tests: does this code leak, and where. */
export function testCommand(finish: (exitCode: number) => void): Command {
  return new Command('test')
    .summary('run memory tests: modules that do one unit of work again and again')
    .description(
      'Runs each workload in a process of its own: warm-up, then the same amount of work twice between three heap\nsnapshots. Growth that goes on in step with the work, also through a third and longer stretch, is a leak.',
    )
    .usage('[options] WORKLOAD…')
    .argument('<WORKLOAD...>', 'modules that export iterate(i) and, if they like, setup() and teardown()')
    .option('--json', 'print the result as one JSON document (ebb.test/1)')
    .option('--time-limit <SECONDS>', 'for the whole test of one workload', seconds, 240)
    .option('--stall-limit <SECONDS>', 'for a single call: the import, setup(), one iterate(i)', seconds, 30)
    .addHelpText(
      'after',
      `
What the workloads print goes to standard error.

Exit codes: 0 nothing leaks; 1 a leak; 2 a workload cannot be used; 3 Ebb could not finish.

Examples:
  ebb test test/memory/login.mjs
  ebb test --json test/memory/*.mjs > memory.json`,
    )
    .action(async (files: string[], options: Options) => {
      finish(await runTests(files, options));
    });
}

/** Tests one workload after the other; resolves with the exit code. A single one that fails throws. */
async function runTests(files: readonly string[], options: Options): Promise<number> {
  const { joinReports, testWorkload } = await import('@ebb/testing');
  const progress = new ProgressLine();
  const interruption = new Interruption();
  const reports: TestReport[] = [];
  const failures: { file: string; code: string; message: string }[] = [];
  let exitCode = 0;
  try {
    for (const file of files) {
      try {
        const report = await testWorkload(file, {
          timeLimitMs: options.timeLimit * 1000,
          stallLimitMs: options.stallLimit * 1000,
          signal: interruption.signal,
          onProgress: (step) => {
            progress.show(file, step);
          },
          onOutput: (chunk) => {
            progress.clear();
            process.stderr.write(chunk);
          },
        });
        progress.clear();
        reports.push(report);
        for (const warning of report.warnings) process.stderr.write(`ebb: ${printable(warning)}\n`);
        if (options.json !== true) process.stdout.write(await testText(report));
        if (report.verdict === 'leak') exitCode = Math.max(exitCode, 1);
      } catch (error) {
        progress.clear();
        if (files.length === 1 || interruption.signal.aborted) throw error;
        const described = describeError(error);
        process.stderr.write(`${described.text}\n`);
        failures.push({ file, code: codeOf(error), message: error instanceof Error ? error.message : String(error) });
        exitCode = Math.max(exitCode, described.exitCode);
      }
    }
  } finally {
    progress.clear();
    interruption.stop();
  }
  const [first, ...others] = reports;
  if (options.json === true && first !== undefined) {
    const document = files.length === 1 ? first : joinReports([first, ...others], failures);
    process.stdout.write(timedDocument(document));
  }
  return exitCode;
}

/** The verdict on one workload in a line, and what holds the memory. */
async function testText(report: TestReport): Promise<string> {
  const colour = stdoutHasColour();
  const width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) : 100;
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  const head = wrapLine(verdictLine(report, chalk), width, 9);
  if (report.findings.length === 0 || report.verdict === 'clean') return `${head}\n`;
  const { renderFindings } = await import('@ebb/heap');
  const snapshots = report.compared.map(({ iterations, heapBytes }) => ({
    file: `${count(iterations)} iterations:`, // the files are gone
    fileBytes: 0,
    objects: 0,
    heapBytes,
  }));
  const { verdict, findings } = report;
  const shown: FindingsReport = { format: 'ebb.findings/1', verdict, findings, snapshots };
  const text = printableBlock(renderFindings(shown, { color: colour, width }), colour).replace(/^\n+|\n+$/gu, '');
  return `${head}\n\n${text}\n\n`;
}

const WORDS = { leak: 'LEAK', bounded: 'BOUNDED', clean: 'CLEAN' } as const;

/** `LEAK     login.mjs: 687 B an iteration (680 B to 694 B, 95 %), seen over 11,974 iterations`. */
function verdictLine(report: TestReport, chalk: ChalkInstance): string {
  const [low, high] = report.interval;
  const word = WORDS[report.verdict].padEnd(8);
  const colour = { leak: chalk.red.bold, bounded: chalk.yellow, clean: chalk.green }[report.verdict];
  const rate = `${bytes(report.bytesPerIteration)} an iteration (${bytes(low)} to ${bytes(high)}, 95 %)`;
  const said =
    report.verdict === 'leak'
      ? 'leaks '
      : report.verdict === 'bounded'
        ? 'grows to a bound, at the end by '
        : 'nothing leaks; drift ';
  return `${colour(word)} ${printable(report.file)}: ${said}${rate}, over ${count(report.iterations)} iterations`;
}

/** A request to end, told to what runs: its process must not outlive this one. */
class Interruption {
  readonly #controller = new AbortController();
  readonly #signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

  constructor() {
    for (const signal of this.#signals) process.on(signal, this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(): void {
    for (const signal of this.#signals) process.off(signal, this.#abort);
  }

  readonly #abort = (): void => {
    this.#controller.abort();
  };
}

/** One line on standard error that tells how far the test is; nothing where that is no terminal. */
class ProgressLine {
  #shown = false;

  show(file: string, { phase, fraction }: TestProgress): void {
    if (!process.stderr.isTTY) return;
    const share = fraction === undefined ? '' : ` ${String(Math.round(fraction * 100))} %`;
    const text = cutText(`${printable(file)}: ${phase}${share}`, Math.max(10, process.stderr.columns - 1));
    process.stderr.write(`\r\u001b[2K${stderrChalk().dim(text)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K');
    this.#shown = false;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('give a number of seconds, from above 0 to 86400.');
  return value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EBB_CLI_INTERNAL';
}

function stdoutHasColour(): boolean {
  const refused = process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '';
  return !refused && supportsColor !== false && new Chalk().level > 0;
}
