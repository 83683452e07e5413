/** The server's own judgement of a process that no agent judges: by RSS, or by floors where somebody sends them. */
import { MemoryJudge, type MemoryJudgeOptions, type MemorySample } from '@ebb/trend';
import type { EdgeVerdict, ProcessReport } from '../ingest/report.ts';
import type { Usual } from './usual-rises.ts';

/** A service, sampled once a minute or so: what is seen in its first ten minutes is start-up. */
const service: MemoryJudgeOptions = { warmupMs: 600_000 };

/** What the judge says, and all that it knows now. */
export interface Judged {
  verdict: EdgeVerdict;
  state: Uint8Array;
}

/**
 * Goes on judging a process by its next moment. `state` is what the last call returned, null for the first one; of
 * another version of Ebb it is not understood, and the process is judged anew. What is `usual` is no part of it.
 */
export function judgeSeries(state: Uint8Array | null, report: ProcessReport, usual: Usual | null): Judged {
  const options = usual === null ? service : { ...service, usual };
  const judge = (state === null ? null : MemoryJudge.restore(state, options)) ?? new MemoryJudge(options);
  const { verdict, suspicious, trend } = judge.observe(sampleOf(report));
  const [low, high] = trend.interval;
  const [soonest, latest] = trend.secondsToLimitInterval ?? [null, null];
  return {
    verdict: {
      verdict,
      suspicious,
      bytesPerSecond: finite(trend.bytesPerSecond),
      bytesPerSecondLow: finite(low),
      bytesPerSecondHigh: finite(high),
      bytesPerRequest: finite(trend.bytesPerRequest),
      secondsToLimit: finite(trend.secondsToLimit),
      secondsToLimitSoonest: finite(soonest),
      secondsToLimitLatest: finite(latest),
    },
    state: judge.save(),
  };
}

/** Whether there is anything in the report to judge by. */
export function canJudge({ figures }: ProcessReport): boolean {
  return figures.rssBytes !== null || figures.floorBytes !== null;
}

/**
 * The heap in use is not passed on: with garbage in it, it proves nothing, and the judge would prefer it to RSS. With a
 * floor, the heap is not told apart from what is outside of it.
 */
function sampleOf({ timeMs, figures }: ProcessReport): MemorySample {
  const { floorBytes } = figures;
  return {
    timeMs,
    floor: floorBytes === null ? null : { timeMs, heapBytes: floorBytes, externalBytes: 0, arrayBuffersBytes: 0 },
    heapUsedBytes: NaN,
    externalBytes: NaN,
    arrayBuffersBytes: NaN,
    rssBytes: figures.rssBytes ?? NaN,
    requests: figures.requests,
    heapLimitBytes: floorBytes === null ? NaN : (figures.heapLimitBytes ?? NaN),
    rssLimitBytes: figures.containerLimitBytes,
  };
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
