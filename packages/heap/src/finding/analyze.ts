/** The whole analysis: files in, report out. Synchronous; runs in a worker thread. */
import { resolve } from 'node:path';
import type { HeapContents } from '../contents/contents.ts';
import { describeContents } from '../contents/describe-contents.ts';
import { HeapError } from '../errors/heap-error.ts';
import { measureContainers } from '../graph/containers.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { cohorts, type EarlierSnapshot, summarize } from '../growth/cohorts.ts';
import { findGrowth } from '../growth/growth.ts';
import { LastingIds } from '../identity/lasting-ids.ts';
import { MapFolder } from '../naming/map-folder.ts';
import { type OpenedHeap, openHeap } from '../opened/opened-heap.ts';
import { asTooLarge } from '../parse/ceiling/needed-memory.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { refuseTwice } from '../parse/source/refuse-twice.ts';
import { checkSeries } from './check-series.ts';
import { findDominating } from './dominating.ts';
import { type Finding, type FindingsReport, gravest } from './finding.ts';
import { withoutLostNames } from './lost-names.ts';
import { mergeFindings } from './merge-findings.ts';
import { tellGrowth } from './tell-growth.ts';

/** What {@link analyze} needs besides the files. */
export interface AnalyzeInput {
  files: string[];
  cwd: string;
  /** Cumulative work before each snapshot; empty where unknown. */
  work: number[];
  /** A folder of source maps that are kept apart from the scripts. */
  sourceMaps?: string;
  /** Whether the report tells what the last snapshot holds, too. */
  contents?: boolean;
  onProgress: (phase: string, file: string, fraction: number) => void;
}

const MOST_HOLDERS = 50;
const MOST_FINDINGS = 10;

/** Analyses snapshots of one process, oldest first. Throws {@link HeapError}. */
export function analyze(input: AnalyzeInput): FindingsReport {
  try {
    return analyzeAll(input);
  } catch (error) {
    throw asTooLarge(error, input.files.join(', '));
  }
}

function analyzeAll({ files, cwd, work, sourceMaps, contents, onProgress }: AnalyzeInput): FindingsReport {
  const maps = sourceMaps === undefined ? undefined : new MapFolder(resolve(cwd, sourceMaps));
  refuseTwice(files);
  const snapshots: FindingsReport['snapshots'] = [];
  const earlier: EarlierSnapshot[] = [];
  let hasLostNames = false;
  const read = (file: string): HeapGraph => {
    const parsed = parseSnapshot(file, (done, of) =>
      onProgress('reading', file, of === undefined ? 0 : of > 0 ? done / of : 1),
    );
    onProgress('building the graph', file, 0);
    return buildGraph(parsed);
  };
  const ids = new LastingIds(read);
  const note = (graph: HeapGraph, heapBytes: number): void => {
    const { file, fileBytes, nodeCount: objects, lost } = graph;
    snapshots.push({ file, fileBytes, objects, heapBytes, ...(lost.length > 0 ? { lost } : {}) });
    hasLostNames ||= graph.lostNames > 0;
  };
  for (const file of files.slice(0, -1)) {
    const graph = read(file);
    ids.take(graph);
    const summary = summarize(graph);
    note(graph, summary.totalBytes);
    earlier.push(summary);
  }
  const lastFile = files.at(-1);
  if (lastFile === undefined)
    throw new HeapError(
      'EBB_HEAP_FILE_NOT_FOUND',
      'No snapshot was named. Name one or several .heapsnapshot files, oldest first.',
    );
  const graph = read(lastFile);
  ids.take(graph);
  checkSeries(graph, earlier, files, ids);
  const heap = openHeap(graph, { cwd, maps, onProgress: (phase, fraction) => onProgress(phase, lastFile, fraction) });
  note(graph, heap.retained[0]);
  const findings: Finding[] = [];
  if (earlier.length === 0) findings.push(...findDominating(heap));
  else {
    const sizes = measureContainers(graph);
    const workPerStep = stepsOf(work, files.length);
    const cohort = cohorts(graph, earlier);
    const grown = findGrowth({
      graph,
      tree: heap.tree,
      sizes,
      cohort,
      earlier,
      workPerStep,
    });
    const told = grown.slice(0, MOST_HOLDERS).map((growth) => tellGrowth(heap, growth, { sizes, earlier, cohort }));
    // Without their names, holders can't be known for like ones.
    findings.push(...(hasLostNames ? told : mergeFindings(told)));
  }
  if (hasLostNames) findings.splice(0, Infinity, ...withoutLostNames(findings));
  return {
    format: 'ebb.findings/1',
    verdict: gravest(findings),
    findings: findings.slice(0, MOST_FINDINGS),
    snapshots,
    ...(contents === true ? { contents: tellContents(heap, (phase) => onProgress(phase, lastFile, 0)) } : {}),
  };
}

function tellContents(heap: OpenedHeap, onPhase: (phase: string) => void): HeapContents {
  onPhase('describing what the heap holds');
  return describeContents(heap);
}

/** Work done in each step, from cumulative work; equal steps where it is unknown or makes no sense. */
function stepsOf(work: number[], snapshots: number): number[] {
  const steps = work.slice(1).map((done, k) => done - work[k]);
  const usable = work.length === snapshots && steps.every((step) => Number.isFinite(step) && step > 0);
  return usable ? steps : new Array<number>(snapshots - 1).fill(1);
}
