import type { FindingsReport } from '../finding/finding.ts';

/** How far the analysis is. */
export interface AnalyzeProgress {
  phase: string;
  file?: string;
  fraction?: number;
}

/** What can be told about the snapshots, and how to watch or stop the analysis. */
export interface AnalyzeOptions {
  /** The repository or working directory: what `repoPath` is relative to. */
  cwd?: string;
  /** Work done before each snapshot, cumulative, in any unit (requests, iterations); equal steps where unknown. */
  work?: number[];
  signal?: AbortSignal;
  onProgress?: (progress: AnalyzeProgress) => void;
}

/** Analyses snapshots of one process, oldest first, in a worker thread. */
export function analyzeSnapshots(files: string[], options: AnalyzeOptions = {}): Promise<FindingsReport> {
  void files;
  void options;
  return Promise.reject(new Error('under construction'));
}
