import type { ChalkInstance } from 'chalk';
import stringWidth from 'string-width';
import type { Verdict } from '@ebb/trend';
import { howFast, howLong, verdictWord } from '../report/outlook.ts';
import { printable } from '../wording/printable.ts';
import { bytes, count, duration, list } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import { chartText } from './chart-text.ts';
import type { Judged } from './judge-files.ts';
import type { JudgedSeries } from './series.ts';
import { timeText } from './time-text.ts';

/** So many series are told with all that is known of them; of more, the ones that grow, and a line for each other. */
const MOST_BLOCKS = 12;
const GRAVITY: readonly Verdict[] = ['leak', 'native', 'warming', 'bounded', 'clean'];
const WORD_COLUMNS = 15;

/** All that was judged, the gravest first, for people: a block a series, and one line about all of them. */
export function renderJudged(judged: readonly Judged[], options: { width: number; chalk: ChalkInstance }): string {
  const series = judged.flatMap((one) => [...one.series]).sort(gravestFirst);
  const manyFiles = judged.length > 1;
  const few = series.length <= MOST_BLOCKS;
  const told = few ? series : series.filter((one) => isGrave(one)).slice(0, MOST_BLOCKS);
  const blocks = told.map((one) => block(one, manyFiles, options));
  const others = series.filter((one) => !told.includes(one)).map((one) => line(one, manyFiles, options));
  return [...blocks, ...(others.length > 0 ? [others.join('\n')] : []), summary(judged, series, options)].join('\n\n');
}

/** Whether a series grows without a bound, as far as can be told. */
export function isGrave(series: JudgedSeries): boolean {
  const verdict = series.judgement?.verdict;
  return verdict === 'leak' || verdict === 'native';
}

function gravestFirst(a: JudgedSeries, b: JudgedSeries): number {
  const rank = (one: JudgedSeries): number => GRAVITY.indexOf(one.judgement?.verdict ?? 'clean');
  const left = (one: JudgedSeries): number => one.judgement?.trend.secondsToLimit ?? Number.MAX_VALUE;
  const pace = (one: JudgedSeries): number => one.judgement?.trend.bytesPerSecond ?? 0;
  return rank(a) - rank(b) || (isGrave(a) ? left(a) - left(b) || pace(b) - pace(a) : 0);
}

function tone(verdict: Verdict, chalk: ChalkInstance): ChalkInstance {
  if (verdict === 'leak') return chalk.red.bold;
  if (verdict === 'native') return chalk.magenta.bold;
  return verdict === 'warming' ? chalk.yellow : chalk.green;
}

function title(series: JudgedSeries, manyFiles: boolean, chalk: ChalkInstance): string {
  const verdict = series.judgement?.verdict ?? 'warming';
  const word = verdictWord(verdict, false);
  const name = printable(series.name);
  const file = manyFiles && !series.file.includes(series.name) ? chalk.dim(`  in ${printable(series.file)}`) : '';
  return `${tone(verdict, chalk)(word.padEnd(WORD_COLUMNS - 1))} ${chalk.bold(name)}${file}`;
}

function block(
  series: JudgedSeries,
  manyFiles: boolean,
  { width, chalk }: { width: number; chalk: ChalkInstance },
): string {
  const { judgement, firstLeakAtSeconds, firstAtSeconds, lastAtSeconds, lastBytes } = series;
  if (judgement === null || firstAtSeconds === null || lastAtSeconds === null || lastBytes === null)
    return title(series, manyFiles, chalk);
  const indent = ' '.repeat(WORD_COLUMNS);
  const said: string[] = [];
  const kinds = list([
    ...(series.kinds.rss ? ['RSS'] : []),
    ...(series.kinds.floor ? ['the floor after collections'] : []),
  ]);
  const grows = judgement.verdict === 'leak' || judgement.verdict === 'native' || judgement.verdict === 'warming';
  const away = howLong(judgement.trend);
  said.push(
    `${bytes(lastBytes)} now${grows ? `, ${howFast(judgement.trend)}` : ''}` +
      (grows && away !== null ? `; ${away}` : ''),
  );
  if (firstLeakAtSeconds !== null) {
    const left = series.leftAtFirstLeak;
    const share = left === null ? '' : `; ${Math.round(left * 100)} % of the way to the limit was left`;
    const stands = judgement.verdict === 'leak' ? 'a leak was said' : 'a leak was said, and taken back,';
    said.push(
      `${stands} at ${timeText(firstLeakAtSeconds)}, ${duration(firstLeakAtSeconds - firstAtSeconds)} after the first value${share}`,
    );
  }
  const restarts = series.restarts === 0 ? '' : `, in ${count(series.restarts + 1)} processes one after the other`;
  said.push(`${kinds}, ${count(series.samples)} values in ${duration(lastAtSeconds - firstAtSeconds)}${restarts}`);
  return [
    title(series, manyFiles, chalk),
    ...said.map((text) => wrapLine(indent + text, width, WORD_COLUMNS)),
    '',
    ...chartText(series, width, chalk),
    '',
    ...judgement.evidence.map((text) => wrapLine(`  · ${printable(text)}`, width, 4)),
  ].join('\n');
}

function line(
  series: JudgedSeries,
  manyFiles: boolean,
  { width, chalk }: { width: number; chalk: ChalkInstance },
): string {
  const trend = series.judgement?.trend;
  const pace = isGrave(series) && trend !== undefined ? `, ${howFast(trend)}` : '';
  const told = `${title(series, manyFiles, chalk)}  ${bytes(series.lastBytes ?? 0)}${pace}`;
  return stringWidth(told) > width ? wrapLine(told, width, WORD_COLUMNS) : told;
}

function summary(
  judged: readonly Judged[],
  series: readonly JudgedSeries[],
  { width, chalk }: { width: number; chalk: ChalkInstance },
): string {
  const of = (verdict: Verdict): number => series.filter((one) => one.judgement?.verdict === verdict).length;
  const parts = GRAVITY.flatMap((verdict) =>
    of(verdict) === 0
      ? []
      : [tone(verdict, chalk)(`${count(of(verdict))} ${verdictWord(verdict, false).toLowerCase()}`)],
  );
  const values = judged.reduce((sum, { file }) => sum + file.values, 0);
  const left = judged.reduce((sum, { file }) => sum + file.unreadable, 0);
  const leftOut = left === 0 ? '' : `, ${count(left)} left out`;
  const all = `${count(series.length)} series, ${count(values)} values${leftOut}: ${list(parts)}`;
  return wrapLine(all, width, 2);
}
