import { Chalk, supportsColor } from 'chalk';
import { Command } from 'commander';
import type { FindingsReport, HeapContents } from '@ebb/heap';
import { stderrChalk } from '../live/choose.ts';
import { cutText } from '../live/line.ts';
import { checkReportPlace, writeWhole } from '../report/write-file.ts';
import { printable, printableBlock } from '../wording/printable.ts';
import { bytes } from '../wording/quantities.ts';

/** `ebb analyze A.heapsnapshot [B [C …]]`: one snapshot: what dominates; several, oldest first: what grows in every step. */
export function analyzeCommand(finish: (exitCode: number) => void): Command {
  return new Command('analyze')
    .summary('say what heap snapshots hold, and what grows between them')
    .description(
      'Reads V8 heap snapshots of one program. One: what dominates the memory. Several, oldest first: what grows in every step, what holds it, and where in the code.',
    )
    .usage('[options] A.heapsnapshot [B.heapsnapshot [C.heapsnapshot …]]')
    .argument(
      '<SNAPSHOT...>',
      'heap snapshots (Node.js 20 to 26), plain or compressed, oldest first; - is standard input',
    )
    .option('--html <FILE>', 'write the findings, a map of the memory and tables as one page that opens offline')
    .option('--json', 'print the findings as one JSON document (ebb.findings/1)')
    .option('--contents', 'tell what the last snapshot holds as well, whether or not it leaks')
    .option('--no-contents', 'do not; without either, the contents of one snapshot are told, and with --json none')
    .option('--source-maps <DIR>', 'where source maps are kept, if not in or beside the scripts')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing leaks; 1 a leak; 2 a snapshot cannot be read; 3 Ebb could not finish.

Examples:
  ebb analyze before.heapsnapshot after-1000.heapsnapshot after-2000.heapsnapshot
  ebb analyze --html report.html *.heapsnapshot
  ssh host cat app.heapsnapshot.gz | ebb analyze -
  ebb analyze --json *.heapsnapshot > findings.json`,
    )
    .action(async (files: string[], flags: Flags) => {
      finish(await analyze(files, flags));
    });
}

interface Flags {
  readonly json?: boolean;
  readonly contents?: boolean;
  readonly html?: string;
  readonly sourceMaps?: string;
}

/** Analyses, prints, and writes the page; resolves with the exit code. */
async function analyze(files: string[], flags: Flags): Promise<number> {
  if (flags.html !== undefined) checkReportPlace(flags.html);
  const { analyzeSnapshots, renderContents, renderFindings } = await import('@ebb/heap');
  // In text, one snapshot's contents are half of what it can tell; as JSON they are long, and asked for.
  const tellContents = flags.contents ?? (flags.json !== true && files.length === 1);
  const progress = new ProgressLine();
  try {
    const { contents, ...report } = await analyzeSnapshots(files, {
      cwd: process.cwd(),
      contents: flags.html !== undefined || tellContents,
      ...(flags.sourceMaps === undefined ? {} : { sourceMaps: flags.sourceMaps }),
      onProgress: (step) => {
        progress.show(step);
      },
    });
    progress.clear();
    if (flags.json === true) {
      const document = tellContents ? { ...report, contents } : report;
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      const color = stdoutHasColour();
      const width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) : 100;
      const texts = [renderFindings(report, { color, width })];
      if (tellContents && contents !== undefined) texts.push(renderContents(contents, { color, width }));
      process.stdout.write(`${printableBlock(texts.join('\n\n'), color)}\n`);
    }
    if (flags.html !== undefined) await writePage(flags.html, report, contents ?? null);
    return report.verdict === 'leak' ? 1 : 0;
  } finally {
    progress.clear();
  }
}

/** After all else has been printed: a disk that is full takes the page, not the findings. */
async function writePage(file: string, report: FindingsReport, contents: HeapContents | null): Promise<void> {
  const { renderPage } = await import('../html/page.ts');
  const { diskExcerpts } = await import('../html/source-excerpt.ts');
  const page = renderPage({ report, contents, at: new Date(), excerpt: diskExcerpts() });
  writeWhole(file, page);
  process.stderr.write(`ebb: wrote ${printable(file)}, ${bytes(Buffer.byteLength(page))}\n`);
}

/** One line on standard error that tells how far the analysis is; nothing where that is no terminal. */
class ProgressLine {
  #shown = false;

  show(step: { phase: string; file?: string; fraction?: number }): void {
    if (!process.stderr.isTTY) return;
    const { fraction = 0 } = step; // 0 also where nobody knows how far it is
    const share = fraction === 0 ? '' : ` ${String(Math.round(fraction * 100))} %`;
    const file = step.file === undefined ? '' : ` ${printable(step.file)}`;
    const text = cutText(`${printable(step.phase)}${file}${share}`, Math.max(10, process.stderr.columns - 1));
    process.stderr.write(`\r\u001b[2K${stderrChalk().dim(text)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K');
    this.#shown = false;
  }
}

function stdoutHasColour(): boolean {
  const refused = process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '';
  return !refused && supportsColor !== false && new Chalk().level > 0;
}
