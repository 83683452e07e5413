/** What the search for growth is given, and what it finds. */
import type { FindingBound } from '../finding/finding.ts';
import type { ContainerSizes } from '../graph/containers.ts';
import type { DominatorTree } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { EarlierSnapshot } from './cohorts.ts';

/** How sure the snapshots make us that a holder leaks. */
export type GrowthVerdict = 'leak' | 'suspect' | 'bounded';

/** One holder that has grown. */
export interface Growth {
  verdict: GrowthVerdict;
  /** Where the verdict is `bounded`. */
  bound?: FindingBound;
  /** Why, in words. */
  reason: string;
  holder: number;
  members: number[];
  /** What piles up: the class of most of what came, an object that shows it, and how many came in each step. */
  sampleType: string;
  sample: number;
  /** Some of that class, `sample` among them. */
  samples: number[];
  countPerStep: number[];
  /** Whether values grew, and no number of objects: `countPerStep` is 0 then, `sample` the longest text, or the holder. */
  ofValues?: boolean;
  bytesPerStep: number[];
  /** The last step's growth over the first's, by unit of work. */
  steadiness: number;
}

/** What {@link findGrowth} compares. */
export interface GrowthInput {
  graph: HeapGraph;
  tree: DominatorTree;
  sizes: ContainerSizes;
  cohort: Uint8Array;
  earlier: EarlierSnapshot[];
  /** Work done in each step, in any unit; equal steps where unknown. */
  workPerStep: number[];
}
