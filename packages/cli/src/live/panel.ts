import type { Judgement } from '@ebb/trend';
import type { ChalkInstance } from 'chalk';
import stringWidth from 'string-width';
import type { EvidencePhase } from '../evidence/events.ts';
import { printable } from '../wording/printable.ts';
import { bytes, clock, count, duration, durationRange, rate } from '../wording/quantities.ts';
import { drawChart, type ChartCell, type ChartInk } from './chart.ts';
import type { ChartPoint } from './history.ts';
import { fitLine, type Piece } from './line.ts';
import { verdictWord } from '../report/outlook.ts';

/** What the panel shows of one process. */
export interface PanelSeries {
  readonly pid: number;
  readonly threadId: number;
  readonly verdict: Judgement['verdict'];
  readonly growing: boolean;
  readonly judgement: Judgement | null;
  readonly points: readonly ChartPoint[];
  readonly floorBytes: number | null;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly requestsPerSecond: number | null;
  readonly gcShare: number;
  readonly eventLoopP99Ms: number;
  readonly heapLimitBytes: number;
  readonly phase: EvidencePhase;
  readonly snapshots: number;
  /** Milliseconds since the epoch of the newest sample: the chart's now. */
  readonly sampleTimeMs: number;
}

/** What the panel shows. */
export interface PanelState {
  readonly command: string;
  readonly elapsedMs: number;
  readonly series: PanelSeries | null;
  readonly otherSeries: number;
  /** Grows by one a frame; turns the wheel. */
  readonly frame: number;
  /** How often the program was asked to end. */
  readonly endings: number;
}

const WHEEL = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const LABEL_COLUMNS = 9;

/** Rows the panel takes on a terminal of this size; 0 when it is too small for one. */
export function panelRows(terminalRows: number, terminalColumns: number): number {
  if (terminalColumns < 44 || terminalRows < 14) return 0;
  if (terminalRows < 20) return 6;
  return terminalRows < 32 ? 9 : 11;
}

/** Draws the panel as `rows` lines, none wider than `columns`. Pure. */
export function drawPanel(state: PanelState, size: { rows: number; columns: number }, chalk: ChalkInstance): string[] {
  const { series } = state;
  const tone = series === null ? chalk.cyan : toneOf(series, chalk);
  const lines = [titleLine(state, size.columns, chalk, tone)];
  if (series === null) {
    lines.push(fitLine([{ text: ' waiting for a Node.js process to connect', paint: chalk.dim }], size.columns));
    while (lines.length < size.rows) lines.push('');
    return lines;
  }
  lines.push(headline(series, size.columns, chalk, tone));
  lines.push(...chartLines(series, size.columns, size.rows - 4, chalk, tone));
  lines.push(figuresLine(state, series, size.columns, chalk));
  lines.push(activityLine(state, series, size.columns, chalk));
  return lines;
}

function titleLine(state: PanelState, columns: number, chalk: ChalkInstance, tone: ChalkInstance): string {
  const { series } = state;
  const thread = series === null || series.threadId === 0 ? '' : ` thread ${series.threadId}`;
  const pieces: Piece[] = [
    { text: '── ', paint: tone },
    { text: 'ebb', paint: tone.bold },
    { text: ` ${clock(state.elapsedMs / 1000)} `, paint: chalk.dim },
    { text: '── ', paint: tone },
    { text: `${printable(state.command)} `, paint: chalk.reset },
    ...(series === null ? [] : [{ text: `pid ${series.pid}${thread} `, paint: chalk.dim, optional: true }]),
  ];
  const used = pieces.reduce((sum, piece) => sum + stringWidth(piece.text), 0);
  return fitLine([...pieces, { text: '─'.repeat(Math.max(0, columns - used)), paint: tone }], columns);
}

function headline(series: PanelSeries, columns: number, chalk: ChalkInstance, tone: ChalkInstance): string {
  const word = ` ${verdictWord(series.verdict, series.growing)} `;
  const trend = series.judgement?.trend ?? null;
  const grows = trend !== null && (series.growing || series.verdict === 'leak' || series.verdict === 'native');
  const pieces: Piece[] = [{ text: word, paint: tone.inverse.bold }, { text: '  ' }];
  if (series.floorBytes === null) pieces.push({ text: `heap ${bytes(series.heapUsedBytes)}, no floor yet` });
  else pieces.push({ text: `floor ${bytes(series.floorBytes)}`, paint: chalk.bold });
  if (trend !== null && grows) {
    pieces.push({ text: `  ${rate(trend.bytesPerSecond)}`, paint: tone });
    if (trend.secondsToLimit !== null && Number.isFinite(trend.secondsToLimit)) {
      pieces.push({ text: '  limit in ' }, { text: duration(Math.max(0, trend.secondsToLimit)), paint: tone.bold });
      const [soonest, latest] = trend.secondsToLimitInterval ?? [NaN, NaN];
      const within = Number.isFinite(latest)
        ? durationRange(Math.max(0, soonest), latest)
        : `${duration(Math.max(0, soonest))} to never`;
      if (Number.isFinite(soonest)) pieces.push({ text: ` (${within})`, paint: chalk.dim, optional: true });
    }
    if (trend.bytesPerRequest !== null && trend.bytesPerRequest > 0)
      pieces.push({ text: `  ${bytes(trend.bytesPerRequest)} a request`, optional: true });
  } else {
    const early = series.judgement?.verdict === 'warming';
    const evidence = early ? 'too early to tell' : series.judgement?.evidence[0];
    if (evidence !== undefined) pieces.push({ text: `  ${printable(evidence)}`, paint: chalk.dim });
  }
  return fitLine(pieces, columns);
}

function chartLines(
  series: PanelSeries,
  columns: number,
  rows: number,
  chalk: ChalkInstance,
  tone: ChalkInstance,
): string[] {
  const trend = series.judgement?.trend ?? null;
  const limitBytes = limitOf(series);
  const grows = series.growing || series.verdict === 'leak';
  const chart = drawChart({
    points: series.points,
    nowMs: series.sampleTimeMs,
    columns: Math.max(1, columns - LABEL_COLUMNS - 1),
    rows,
    limitBytes,
    bytesPerSecond: grows ? (trend?.bytesPerSecond ?? null) : null,
  });
  const paints: Record<ChartInk, (text: string) => string> = {
    floor: tone,
    limit: chalk.red,
    forecast: chalk.dim,
    none: (text) => text,
  };
  return chart.rows.map((cells, index) => {
    const label = series.points.length === 0 ? '' : axisLabel(index, rows, chart, limitBytes);
    return `${chalk.dim(`${label.padStart(LABEL_COLUMNS - 2)} ${label === '' ? '│' : '┤'}`)}${paintCells(cells, paints)}`;
  });
}

function axisLabel(
  index: number,
  rows: number,
  chart: { topBytes: number; bottomBytes: number; limitShown: boolean },
  limitBytes: number,
): string {
  if (index === 0) return bytes(chart.limitShown ? limitBytes : chart.topBytes);
  return index === rows - 1 ? bytes(chart.bottomBytes) : '';
}

function paintCells(cells: readonly ChartCell[], paints: Record<ChartInk, (text: string) => string>): string {
  let line = '';
  for (let start = 0; start < cells.length;) {
    const ink = cells[start]?.ink ?? 'none';
    let end = start;
    let run = '';
    while (end < cells.length && cells[end]?.ink === ink) run += cells[end++]?.char ?? '';
    line += paints[ink](run);
    start = end;
  }
  return line;
}

function figuresLine(state: PanelState, series: PanelSeries, columns: number, chalk: ChalkInstance): string {
  const figure = (name: string, value: string, optional: boolean): Piece[] => [
    { text: ` ${name} `, paint: chalk.dim, optional },
    { text: `${value}  `, optional },
  ];
  const others =
    state.otherSeries === 0
      ? []
      : figure('and', `${count(state.otherSeries)} more ${state.otherSeries === 1 ? 'process' : 'processes'}`, true);
  return fitLine(
    [
      ...(series.requestsPerSecond === null ? [] : figure('requests', `${count(series.requestsPerSecond)}/s`, false)),
      ...figure('RSS', bytes(series.rssBytes), false),
      ...figure('limit', bytes(limitOf(series)), true),
      ...figure('GC', `${(series.gcShare * 100).toFixed(series.gcShare < 0.0995 ? 1 : 0)} %`, true),
      ...figure('event loop p99', `${series.eventLoopP99Ms.toFixed(series.eventLoopP99Ms < 9.95 ? 1 : 0)} ms`, true),
      ...others,
    ],
    columns,
  );
}

/** The judge's, which is 0 until it knows; then the heap's. */
function limitOf({ judgement, heapLimitBytes }: PanelSeries): number {
  const known = judgement?.trend.limitBytes ?? 0;
  return known > 0 ? known : heapLimitBytes;
}

function activityLine(state: PanelState, series: PanelSeries, columns: number, chalk: ChalkInstance): string {
  const harder = state.endings === 1 ? 'sends SIGTERM' : 'kills it';
  const doing = state.endings > 0 ? `waiting for the program to end (Ctrl-C again ${harder})` : activity(series.phase);
  const wheel = WHEEL[state.frame % WHEEL.length] ?? ' ';
  return fitLine(
    [
      { text: ` ${wheel} `, paint: chalk.cyan },
      { text: doing, paint: chalk.dim },
    ],
    columns,
  );
}

/** What Ebb does now, in words. */
function activity(phase: EvidencePhase): string {
  switch (phase.name) {
    case 'watching':
      return 'watching';
    case 'collecting':
      return `growth is suspicious: collecting garbage before snapshot ${phase.ordinal} of ${phase.of}`;
    case 'capturing':
      return `taking snapshot ${phase.ordinal} of ${phase.of}`;
    case 'gathering':
      return `snapshot ${phase.taken} of ${phase.of} is taken; ${phase.idle ? 'waiting for requests' : 'letting the program work'} before the next`;
    case 'profiling':
      return `no snapshot could be taken; allocation profile ${phase.taken} of ${phase.of} is; ${phase.idle ? 'waiting for requests' : 'letting the program work'}`;
    case 'analysing':
      return `comparing ${phase.captures} snapshots`;
    case 'resting':
      return `watching; last look: ${phase.reason}`;
    case 'confirmed':
      return 'the leak is confirmed; the finding stands above';
    case 'ended':
      return 'the process has ended';
  }
}

function toneOf(series: PanelSeries, chalk: ChalkInstance): ChalkInstance {
  if (series.verdict === 'leak') return chalk.redBright;
  if (series.growing || series.verdict === 'native') return chalk.yellowBright;
  return series.verdict === 'warming' ? chalk.cyanBright : chalk.greenBright;
}
