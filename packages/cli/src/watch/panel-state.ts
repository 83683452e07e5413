import type { PanelSeries, PanelState } from '../live/panel.ts';
import { gravest } from '../report/watch-report.ts';
import type { Series } from './series.ts';

/** What the panel shows now: the gravest of the living, or of all when none lives any more. */
export function panelState(all: readonly Series[], command: string, elapsedMs: number, endings: number): PanelState {
  const told = all.filter((series) => series.latest !== null);
  const living = told.filter((series) => series.alive);
  const candidates = living.length > 0 ? living : told;
  const top = gravest(
    candidates.map((series) => ({
      series,
      verdict: series.growing ? ('native' as const) : series.verdict,
      trend: series.judgement?.trend ?? FLAT,
      floorBytes: series.floorBytes,
      requests: series.latest?.sample.requests ?? null,
    })),
  );
  return {
    command,
    elapsedMs,
    frame: 0,
    endings,
    otherSeries: Math.max(0, living.length - 1),
    series: top === undefined ? null : panelSeries(top.series),
  };
}

const FLAT = {
  bytesPerSecond: 0,
  interval: [0, 0] as const,
  bytesPerRequest: null,
  secondsToLimit: null,
  secondsToLimitInterval: null,
  limitBytes: 0,
};

function panelSeries(series: Series): PanelSeries | null {
  const { latest, agent } = series;
  if (latest === null) return null;
  return {
    pid: agent.hello.pid,
    threadId: agent.hello.threadId,
    verdict: series.verdict,
    growing: series.growing,
    judgement: series.judgement,
    points: series.history.points,
    floorBytes: series.floorBytes,
    rssBytes: latest.sample.rssBytes,
    heapUsedBytes: latest.sample.heapUsedBytes,
    requestsPerSecond: series.requestsPerSecond,
    gcShare: latest.gcCpuShare,
    eventLoopP99Ms: latest.eventLoopDelayP99Ms,
    heapLimitBytes: latest.sample.heapLimitBytes,
    phase: series.machine.phase,
    snapshots: series.captures.length,
    sampleTimeMs: latest.sample.timeMs,
  };
}
