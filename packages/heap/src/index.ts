/** @ebb/heap: reads V8 heap snapshots and says what holds the memory, and where in the code. */
export { analyzeSnapshots, type AnalyzeOptions, type AnalyzeProgress } from './worker/analyze-snapshots.ts';
export { adviceOn, renderFindings, type Beside, type BesideRow, type RenderOptions } from './report/render-findings.ts';
export { renderContents } from './report/render-contents.ts';
export { openSnapshot, type OpenOptions, type Snapshot } from './worker/open-snapshot.ts';
export type { QueryOptions } from './worker/query-thread.ts';
export type {
  ClassChange,
  ClassSummary,
  CodeObjects,
  Comparison,
  FoundCode,
  HeapObject,
  HeapSummary,
  NamedObject,
  ObjectDetails,
  ObjectPath,
  Page,
  PathStop,
  Reference,
  RetainedSet,
  ShortestPath,
} from './query/answers.ts';
export type { ClassQuery, CodeQuery, ComparisonQuery, NameQuery, ObjectQuery, PageQuery } from './query/queries.ts';
/** Paths of scripts and the sources they were made from, for places that come from elsewhere than a snapshot. */
export { MapFolder } from './naming/map-folder.ts';
export { SourceFiles, type SourceOptions, type SourcePosition } from './naming/source-files.ts';
export { HeapError, heapErrorCodes, type HeapErrorCode } from './errors/heap-error.ts';
export { gravest } from './finding/finding.ts';
export type { Finding, FindingBound, FindingKind, FindingsReport, Frame, Location, Place } from './finding/finding.ts';
export type {
  BufferSlabs,
  ClassRow,
  DuplicatedString,
  DuplicatingReference,
  ExtraGlobal,
  HeapContents,
  KeptContext,
  LargeBuffer,
  OverAllocated,
  TreemapNode,
} from './contents/contents.ts';
