/**
 * Parses a V8 heap snapshot into typed arrays.
 *
 * The format is that of V8's `HeapSnapshotJSONSerializer` (src/profiler/heap-snapshot-generator.cc): rows of integers
 * whose fields `snapshot.meta` names. Nodes and edges come before the strings they refer to.
 */
import { HeapError } from '../errors/heap-error.ts';
import { EdgesAhead } from './ahead/edges-ahead.ts';
import { ByteReader } from './byte-reader.ts';
import type { AvailableMemory } from './ceiling/available-memory.ts';
import { asTooLarge, MemoryCeiling } from './ceiling/needed-memory.ts';
import {
  checkReferences,
  type EdgeColumns,
  type NodeColumns,
  RowsRead,
  scanEdges,
  scanLocations,
  scanNodes,
} from './columns.ts';
import {
  corrupt,
  peekToken,
  scanObject,
  scanStrings,
  scanValue,
  scanValueText,
  TruncatedError,
} from './json-scanner.ts';
import { createKernel } from './kernel/create-kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { lostBehindGraph, partOfGraph } from './lost.ts';
import { notASnapshot, readLayout, type SnapshotLayout } from './meta.ts';
import { StringCollector } from './string-collector.ts';
import { isStandardInput, openSource } from './source/open-source.ts';
import type { StringTable } from './string-table.ts';

/** A snapshot as columns. A node's ordinal is its row; an edge's index is its row, in order of the node that has it. */
export interface ParsedSnapshot extends NodeColumns, EdgeColumns {
  /** As it was named; `-` for standard input. */
  file: string;
  /** Bytes of the input as it came, compressed or not. */
  fileBytes: number;
  layout: SnapshotLayout;
  /** Rows of (node ordinal, script id, 0-based line, 0-based column). */
  locations: Uint32Array;
  strings: StringTable;
  /** What the file had lost, in words; empty where it is whole. The graph always is. */
  lost: string[];
  /** How many of the names that nodes and edges refer to are lost: the last ones. */
  lostNames: number;
}

/**
 * Reads a snapshot file; throws a {@link HeapError} on anything that is not a whole one. O(file size) time; memory is
 * bounded by the file's size too, whatever its header claims; where its graph would not fit into what is `available`
 * (what the machine and its container have left, unless given), it is refused before it is read. `onBytes` hears of every chunk of `chunkBytes`, and may
 * throw to end the reading.
 */
export function parseSnapshot(
  file: string,
  onBytes?: (bytesRead: number, ofBytes: number | undefined) => void,
  chunkBytes?: number,
  available?: AvailableMemory,
): ParsedSnapshot {
  const source = openSource(file);
  try {
    const reader = new ByteReader(source, () => onBytes?.(source.inputBytesRead, source.inputBytes), chunkBytes);
    const parsed = parse(reader, source.jump === undefined || isStandardInput(file) ? null : file, available);
    return { ...parsed, file, fileBytes: source.inputBytes ?? source.inputBytesRead };
  } catch (error) {
    throw asTooLarge(error, source.name);
  } finally {
    source.close();
  }
}

/** `file`: where another thread can read the same bytes; null where they come but once. */
function parse(
  reader: ByteReader,
  file: string | null,
  available: AvailableMemory | undefined,
): Omit<ParsedSnapshot, 'file' | 'fileBytes'> {
  const first = peekToken(reader);
  if (first === -1) {
    const empty = reader.unit === 'bytes' ? 'is empty' : 'holds nothing when it is unpacked';
    throw new HeapError('EBB_HEAP_TRUNCATED', `${reader.file} ${empty}. Take the snapshot again.`);
  }
  if (first !== 0x7b) throw notASnapshot(reader.file);
  let layout: SnapshotLayout | undefined;
  let kernel: Kernel | undefined;
  let nodes: NodeColumns | undefined;
  let edges: EdgeColumns | undefined;
  let collector: StringCollector | undefined;
  let strings: StringTable | undefined;
  const read = new RowsRead();
  let ahead: EdgesAhead | null = null;
  let takeForStrings: ((bytes: number) => void) | undefined;
  const seen = new Set<string>();
  const take = (key: string): void => {
    // V8 writes "snapshot" first; a file that does not is another kind of JSON.
    if (key !== 'snapshot' && !layout) throw notASnapshot(reader.file);
    if (sections.has(key)) {
      if (seen.has(key)) throw corrupt(reader, `it has "${key}" twice`);
      seen.add(key);
    }
    if (key === 'snapshot') {
      layout = readLayout(parseHeader(reader), reader.file);
      kernel = createKernel(layout.edgeTypeNames.length);
      const ceiling = new MemoryCeiling(reader, layout, available);
      takeForStrings = (bytes) => {
        ceiling.takeForStrings(bytes);
      };
      const { nodeCount, nodeFieldCount, edgeCount, edgeFieldCount } = layout;
      const leastBytes = 2 * (nodeCount * nodeFieldCount + edgeCount * edgeFieldCount);
      if (file !== null && leastBytes <= reader.sizeBytes) ahead = EdgesAhead.start(file, layout, reader.offset);
    } else if (!layout || !kernel) throw notASnapshot(reader.file);
    else if (key === 'nodes') nodes = scanNodes(reader, layout, kernel, read);
    else if (key === 'edges') edges = takeAhead(reader, ahead) ?? scanEdges(reader, layout, kernel, read);
    else if (key === 'locations') scanLocations(reader, layout, kernel, read);
    else if (key === 'strings') {
      collector = new StringCollector(reader.remainingBytes, takeForStrings);
      scanStrings(reader, 'strings', collector);
      strings = collector.finish();
    } else scanValue(reader, `"${key.slice(0, 40)}"`);
  };
  let cut: TruncatedError | undefined;
  try {
    scanObject(reader, 'snapshot', take);
  } catch (cause) {
    // What is no JSON before it comes to a header is no damaged snapshot either.
    if (seen.size === 0 && cause instanceof HeapError && cause.code === 'EBB_HEAP_CORRUPT') {
      throw notASnapshot(reader.file);
    }
    if (!(cause instanceof TruncatedError)) throw cause;
    cut = cause;
  } finally {
    (ahead as EdgesAhead | null)?.stop();
  }
  if (!layout) throw cut ?? notASnapshot(reader.file);
  if (cut && !(nodes && edges)) throw new TruncatedError(reader, cut.within, partOfGraph(layout, read));
  if (!nodes || !edges || (!strings && !cut)) {
    const missing = [!nodes && '"nodes"', !edges && '"edges"', !strings && '"strings"'].filter(Boolean).join(', ');
    throw corrupt(reader, `it has no ${missing}`);
  }
  const columns = { layout, ...nodes, ...edges, locations: read.locations };
  if (strings) checkReferences(reader, layout, nodes, edges, strings.length);
  if (strings && !cut) return { ...columns, strings, lost: restOf(reader), lostNames: 0 };
  const stringsNeeded = Math.max(nodes.largestNodeName, edges.largestEdgeName) + 1;
  strings ??= (collector ?? new StringCollector(0)).finish(stringsNeeded);
  // V8 writes the locations before the strings: where these have begun, those were all there.
  const isLocated = layout.locationFieldCount === 0 || (seen.has('locations') && cut?.within !== 'locations');
  const locations = isLocated ? 'all' : read.locationCount;
  return { ...columns, strings, ...lostBehindGraph({ strings: collector?.count ?? 0, stringsNeeded, locations }) };
}

/** A snapshot ends with its bracket; what follows is told, not read. Unpacking is checked by it, too. */
function restOf(reader: ByteReader): string[] {
  if (!reader.endsByItself || peekToken(reader) === -1) return [];
  return [`what follows the snapshot's end, from byte ${reader.offset} on, was not read`];
}

/** The edges that another thread has read, if it has; the reader goes on behind them. */
function takeAhead(reader: ByteReader, ahead: EdgesAhead | null): EdgeColumns | null {
  if (ahead === null || peekToken(reader) === -1) return null;
  const taken = ahead.take(reader.offset + 1);
  if (taken === null) return null;
  reader.jump(taken.endByte);
  return taken.columns;
}

const sections: ReadonlySet<string> = new Set(['snapshot', 'nodes', 'edges', 'locations', 'strings']);

function parseHeader(reader: ByteReader): unknown {
  const text = scanValueText(reader, 'header');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HeapError(
      'EBB_HEAP_CORRUPT',
      `${reader.file} has a damaged header: ${(cause as Error).message}. Copy or take the snapshot again.`,
      { cause },
    );
  }
}
