import { verdictWord } from '../report/outlook.ts';
import { bytes, clock, count, duration, rate } from '../wording/quantities.ts';
import type { Display } from './display.ts';
import type { PanelState } from './panel.ts';

const STATUS_MS = 15_000;

/** Plain lines for logs and pipes: one at each change of verdict, and one a quarter of a minute. */
export class PlainLog implements Display {
  readonly #write: (text: string) => void;
  readonly #words = new Map<string, string>();
  #lastStatusMs = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  refresh(state: PanelState): void {
    const { series } = state;
    if (series?.judgement === null || series === null) return;
    const key = `${series.pid}:${series.threadId}`;
    const word = verdictWord(series.verdict, series.growing);
    const changed = this.#words.get(key) !== word;
    if (!changed && state.elapsedMs - this.#lastStatusMs < STATUS_MS) return;
    this.#words.set(key, word);
    this.#lastStatusMs = state.elapsedMs;
    this.say(`ebb: ${statusLine(state)}`);
  }

  start(): void {
    // Nothing to prepare.
  }

  suspend(): void {
    // Lines stay where they are.
  }

  resume(): void {
    // Nothing was taken away.
  }

  stop(): void {
    // Nothing to restore.
  }
}

/** `0:45 GROWING: floor 84 MB, +1.1 MB/s, limit of 320 MB in 3.5 minutes, 210 requests/s, RSS 143 MB`. */
function statusLine(state: PanelState): string {
  const { series } = state;
  if (series === null) return `${clock(state.elapsedMs / 1000)} no Node.js process connected yet`;
  const trend = series.judgement?.trend ?? null;
  const grows = series.growing || series.verdict === 'leak' || series.verdict === 'native';
  const who =
    state.otherSeries === 0
      ? ''
      : ` process ${series.pid}${series.threadId === 0 ? '' : ` thread ${series.threadId}`},`;
  const limit = trend !== null && trend.limitBytes > 0 ? trend.limitBytes : series.heapLimitBytes;
  const inSight =
    grows &&
    trend?.secondsToLimit !== null &&
    trend?.secondsToLimit !== undefined &&
    Number.isFinite(trend.secondsToLimit);
  const parts = [
    series.floorBytes === null ? `heap ${bytes(series.heapUsedBytes)}` : `floor ${bytes(series.floorBytes)}`,
    ...(grows && trend !== null ? [rate(trend.bytesPerSecond)] : []),
    inSight
      ? `limit of ${bytes(limit)} in ${duration(Math.max(0, trend.secondsToLimit ?? 0))}`
      : `limit ${bytes(limit)}`,
    ...(series.requestsPerSecond === null ? [] : [`${count(series.requestsPerSecond)} requests/s`]),
    `RSS ${bytes(series.rssBytes)}`,
  ];
  return `${clock(state.elapsedMs / 1000)}${who} ${verdictWord(series.verdict, series.growing)}: ${parts.join(', ')}`;
}
