import type { ChalkInstance } from 'chalk';
import { drawChart, type ChartCell } from '../live/chart.ts';
import { bytes } from '../wording/quantities.ts';
import type { JudgedSeries } from './series.ts';
import { timeText } from './time-text.ts';

const LABEL_COLUMNS = 9;
const ROWS = 7;

/**
 * The series as an area over time, its limit where that is in sight, and below it an arrow where a leak was said first,
 * and the first and last time. Empty with less than two values.
 */
export function chartText(series: JudgedSeries, width: number, chalk: ChalkInstance): string[] {
  const { points, firstAtSeconds, lastAtSeconds } = series;
  if (points.length < 2 || firstAtSeconds === null || lastAtSeconds === null) return [];
  const columns = Math.max(20, width - LABEL_COLUMNS - 2);
  const limitBytes = series.limitBytes;
  const chart = drawChart({
    points,
    nowMs: lastAtSeconds * 1000,
    columns,
    rows: ROWS,
    limitBytes,
    bytesPerSecond: null, // the whole width is the past
  });
  const label = (row: number): string => {
    if (row === 0) return bytes(chart.topBytes);
    return row === ROWS - 1 ? bytes(chart.bottomBytes) : '';
  };
  const inks = { floor: chalk.cyan, limit: chalk.red, forecast: chalk.yellow, none: chalk };
  const paint = ({ char, ink }: ChartCell): string => (char === ' ' ? char : inks[ink](char));
  const lines = chart.rows.map((cells, row) =>
    `${chalk.dim(label(row).padStart(LABEL_COLUMNS))} ${cells.map(paint).join('')}`.trimEnd(),
  );
  const indent = ' '.repeat(LABEL_COLUMNS + 1);
  const marked = series.firstLeakAtSeconds ?? firstOf(series, 'native');
  const firstMs = points[0]?.timeMs ?? firstAtSeconds * 1000;
  if (marked !== null) {
    const share = (marked * 1000 - firstMs) / (lastAtSeconds * 1000 - firstMs);
    const at = Math.round(Math.min(1, Math.max(0, share)) * (columns - 1));
    const word = series.firstLeakAtSeconds === null ? 'native growth' : 'leak';
    const said =
      at + 2 + word.length <= columns ? `${' '.repeat(at)}▲ ${word}` : `${' '.repeat(at - word.length - 1)}${word} ▲`;
    lines.push(indent + chalk.bold(said));
  }
  const [from, to] = [timeText(firstMs / 1000), timeText(lastAtSeconds)];
  lines.push(indent + chalk.dim(from + ' '.repeat(Math.max(2, columns - from.length - to.length)) + to));
  return lines;
}

function firstOf(series: JudgedSeries, verdict: string): number | null {
  return series.changes.find((change) => change.verdict === verdict)?.atSeconds ?? null;
}
