import { Chalk, supportsColor } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readBytes, unitBytes, UNIT_NAMES } from '../judge/cells.ts';

/** `ebb judge FILE.csv…`: judges memory series that come from elsewhere. */
export function judgeCommand(finish: (exitCode: number) => void): Command {
  return new Command('judge')
    .summary('judge memory series that come from elsewhere: does one leak?')
    .description(
      'Reads memory series from CSV files and judges each as Ebb judges a live process: row by row, in the order of time,\n' +
        'knowing nothing of what comes later. RSS of programs in any language will do.\n\n' +
        'Columns: time_s and bytes, and where there are any series, kind (rss or floor), limit_bytes, requests,\n' +
        'requests:<route>, age_s, version, sibling_group. Exports of Grafana are understood as well: Time, and a column\n' +
        'for each series.',
    )
    .argument('<FILE.csv...>', 'CSV with a header, plain or gzip; - is standard input')
    .option('--json', 'print the verdicts as one JSON document (ebb.judge/1)')
    .addOption(
      new Option('--limit <SIZE>', 'the memory limit of series that have no limit_bytes, like 512MiB').argParser(size),
    )
    .addOption(
      new Option('--unit <UNIT>', 'what plain numbers are in, where their column is not called bytes')
        .default(1, 'B')
        .argParser(unit),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing grows without a bound; 1 a series leaks; 2 a file cannot be read; 3 Ebb could not finish.

Examples:
  ebb judge rss.csv
  ebb judge --limit 1GiB grafana-export.csv
  zcat *.csv.gz | ebb judge --json - > verdicts.json`,
    )
    .action(async (files: string[], flags: { json?: boolean; limit?: number; unit: number }) => {
      const { judgeFile } = await import('../judge/judge-files.ts');
      const { notesOf } = await import('../judge/notes.ts');
      const { isGrave, renderJudged } = await import('../judge/render.ts');
      const options = { plainUnitBytes: flags.unit, limitBytes: flags.limit ?? null };
      const judged = [];
      for (const file of files) judged.push(await judgeFile(file, options));
      for (const note of judged.flatMap((one) => notesOf(one, flags.unit))) {
        process.stderr.write(note.startsWith(' ') ? `${note}\n` : `ebb: ${note}\n`);
      }
      if (flags.json === true) {
        const { judgeReport } = await import('../judge/report.ts');
        process.stdout.write(`${JSON.stringify(judgeReport(judged), null, 2)}\n`);
      } else {
        const width = process.stdout.isTTY ? Math.min(120, Math.max(60, process.stdout.columns)) : 100;
        process.stdout.write(`${renderJudged(judged, { width, chalk: stdoutChalk() })}\n`);
      }
      finish(judged.some(({ series }) => series.some(isGrave)) ? 1 : 0);
    });
}

function stdoutChalk(): InstanceType<typeof Chalk> {
  const refused = process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '';
  return new Chalk({ level: refused || supportsColor === false ? 0 : supportsColor.level });
}

/** @throws {InvalidArgumentError} */
function unit(value: string): number {
  const bytes = unitBytes(value);
  if (bytes === undefined) throw new InvalidArgumentError(`It is one of ${UNIT_NAMES}.`);
  return bytes;
}

/** @throws {InvalidArgumentError} */
function size(value: string): number {
  const bytes = readBytes(value, { decimalComma: false, plainUnitBytes: 1 });
  if (bytes === null || !(bytes > 0)) throw new InvalidArgumentError('It is a size, like 512MiB or 1.5 GB.');
  return bytes;
}
