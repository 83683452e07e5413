import type { Verdict } from '@ebb/trend';
import { reportedRoutes, type ReportedRoutes } from '../report/routes.ts';
import { reportedTrend, type ReportedTrend } from '../report/watch-report.ts';
import type { Judged } from './judge-files.ts';
import { tellBadCell } from './judge-files.ts';
import type { JudgedSeries, VerdictChange } from './series.ts';

/** One series in the report. Times are those of the file: its `time_s`, or seconds since 1970. */
export interface ReportedSeries {
  readonly name: string;
  readonly file: string;
  /** What is thought of it after its last row. */
  readonly verdict: Verdict;
  readonly firstLeakAtSeconds: number | null;
  /** Each change of verdict, from the first row on. */
  readonly verdicts: readonly VerdictChange[];
  /** Changes that were left out of a list of a thousand. */
  readonly verdictsOmitted?: number;
  readonly trend: ReportedTrend;
  readonly evidence: readonly string[];
  /** Which routes feed a leak, where requests by route are told; several in one entry can't be told apart. */
  readonly routes?: readonly ReportedRoutes[];
  readonly fromSeconds: number | null;
  readonly toSeconds: number | null;
  readonly lastBytes: number | null;
  readonly samples: number;
  readonly duplicates: number;
  readonly restarts: number;
}

/** The document that `ebb judge --json` prints. */
export interface JudgeReport {
  readonly format: 'ebb.judge/1';
  readonly series: readonly ReportedSeries[];
  /** What became of each file's rows: nothing is left out without a count. */
  readonly files: readonly {
    readonly file: string;
    readonly rows: number;
    readonly values: number;
    readonly gaps: number;
    readonly unreadable: number;
    readonly unreadableExtras: number;
    /** The first cells that could not be read: line, column, why. */
    readonly firstUnreadable: readonly string[];
    readonly seriesSorted: number;
    readonly columnsUnused: readonly string[];
  }[];
}

/** Puts the report together. */
export function judgeReport(judged: readonly Judged[]): JudgeReport {
  return {
    format: 'ebb.judge/1',
    series: judged.flatMap(({ series }) => series.map(reportedSeries)),
    files: judged.map(({ file, sorted }) => ({
      file: file.file,
      rows: file.rows,
      values: file.values,
      gaps: file.gaps,
      unreadable: file.unreadable,
      unreadableExtras: file.unreadableExtras,
      firstUnreadable: file.first.map(tellBadCell),
      seriesSorted: sorted,
      columnsUnused: file.columns?.unused ?? [],
    })),
  };
}

function reportedSeries(series: JudgedSeries): ReportedSeries {
  const { judgement } = series;
  return {
    name: series.name,
    file: series.file,
    verdict: judgement?.verdict ?? 'warming',
    firstLeakAtSeconds: series.firstLeakAtSeconds,
    verdicts: series.changes,
    ...(series.changesOmitted > 0 ? { verdictsOmitted: series.changesOmitted } : {}),
    trend: reportedTrend(judgement?.trend ?? null),
    evidence: judgement?.evidence ?? [],
    ...(series.routes.length > 0 ? { routes: reportedRoutes(series.routes) } : {}),
    fromSeconds: series.firstAtSeconds,
    toSeconds: series.lastAtSeconds,
    lastBytes: series.lastBytes,
    samples: series.samples,
    duplicates: series.duplicates,
    restarts: series.restarts,
  };
}
