/**
 * Parses a V8 heap snapshot into typed arrays.
 *
 * The format is that of V8's `HeapSnapshotJSONSerializer` (src/profiler/heap-snapshot-generator.cc): rows of integers
 * whose fields `snapshot.meta` names. Nodes and edges come before the strings they refer to.
 */
import { HeapError } from '../errors/heap-error.ts';
import { ByteReader } from './byte-reader.ts';
import {
  corrupt,
  peekToken,
  scanIntegers,
  scanObject,
  scanStrings,
  scanValue,
  scanValueText,
  truncated,
} from './json-scanner.ts';
import { readLayout, type SnapshotLayout } from './meta.ts';
import { StringCollector } from './string-collector.ts';
import type { StringTable } from './string-table.ts';

/** A snapshot as columns. A node's ordinal is its row; an edge's index is its row, in order of the node that has it. */
export interface ParsedSnapshot {
  file: string;
  fileBytes: number;
  layout: SnapshotLayout;
  nodeCount: number;
  edgeCount: number;
  nodeType: Uint8Array;
  /** Index into `strings`. */
  nodeName: Uint32Array;
  /** V8's object id: the same object has the same id in every snapshot of one process. */
  nodeId: Uint32Array;
  nodeSelfSize: Uint32Array;
  /** `firstEdge[n]` to `firstEdge[n + 1]` are the edges of node n. */
  firstEdge: Uint32Array;
  edgeType: Uint8Array;
  /** Index into `strings`, or the number itself, by edge type. */
  edgeName: Uint32Array;
  /** Node ordinal. */
  edgeTo: Uint32Array;
  /** Rows of (node ordinal, script id, 0-based line, 0-based column). */
  locations: Uint32Array;
  strings: StringTable;
}

const BATCH_ROWS = 8192;

/** Reads a snapshot file; throws a {@link HeapError} on anything that is not a whole one. O(file size). */
export function parseSnapshot(file: string, onBytes?: (bytesRead: number, ofBytes: number) => void): ParsedSnapshot {
  const reader: ByteReader = new ByteReader(file, (bytesRead) => onBytes?.(bytesRead, reader.sizeBytes));
  try {
    return parse(reader);
  } finally {
    reader.close();
  }
}

function parse(reader: ByteReader): ParsedSnapshot {
  const first = peekToken(reader);
  if (first === -1) throw new HeapError('EBB_HEAP_TRUNCATED', `${reader.file} is empty. Take the snapshot again.`);
  if (first !== 0x7b) throw notASnapshot(reader.file);
  let layout: SnapshotLayout | undefined;
  let nodes: NodeColumns | undefined;
  let edges: EdgeColumns | undefined;
  let locations = new Uint32Array(0);
  let strings: StringTable | undefined;
  const known = (): SnapshotLayout => {
    if (!layout) throw notASnapshot(reader.file);
    return layout;
  };
  scanObject(reader, 'snapshot', (key) => {
    if (key === 'snapshot') layout = readLayout(parseHeader(reader), reader.file);
    else if (key === 'nodes') nodes = scanNodes(reader, known());
    else if (key === 'edges') edges = scanEdges(reader, known());
    else if (key === 'locations') locations = scanLocations(reader, known());
    else if (key === 'strings') {
      known();
      const collector = new StringCollector(reader.sizeBytes - reader.offset);
      scanStrings(reader, 'strings', collector);
      strings = collector.finish();
    } else if (layout) scanValue(reader, `"${key.slice(0, 40)}"`);
    else throw notASnapshot(reader.file);
  });
  if (!layout) throw notASnapshot(reader.file);
  if (!nodes || !edges || !strings) {
    const missing = [!nodes && '"nodes"', !edges && '"edges"', !strings && '"strings"'].filter(Boolean).join(', ');
    throw corrupt(reader, `it has no ${missing}`);
  }
  checkReferences(reader, nodes, edges, strings.length);
  return { file: reader.file, fileBytes: reader.sizeBytes, layout, ...nodes, ...edges, locations, strings };
}

function notASnapshot(file: string): HeapError {
  return new HeapError(
    'EBB_HEAP_NOT_A_SNAPSHOT',
    `${file} is not a V8 heap snapshot. One is made by \`ebb watch\`, v8.writeHeapSnapshot(), node --heapsnapshot-signal, or DevTools; CPU and sampling heap profiles are other things.`,
  );
}

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

type NodeColumns = Pick<
  ParsedSnapshot,
  'nodeCount' | 'nodeType' | 'nodeName' | 'nodeId' | 'nodeSelfSize' | 'firstEdge'
>;
type EdgeColumns = Pick<ParsedSnapshot, 'edgeCount' | 'edgeType' | 'edgeName' | 'edgeTo'>;

/** A header may claim anything; a row takes at least two bytes a field, so the file's own size bounds what is allocated. */
function checkClaim(reader: ByteReader, rows: number, fields: number, what: string): void {
  if (rows * fields * 2 > reader.sizeBytes + 2) {
    throw reader.sizeBytes > 0 ? truncatedByClaim(reader, rows, what) : truncated(reader, what);
  }
}

function truncatedByClaim(reader: ByteReader, rows: number, what: string): HeapError {
  return new HeapError(
    'EBB_HEAP_TRUNCATED',
    `${reader.file} says that it has ${rows} ${what}, but with ${reader.sizeBytes} bytes it cannot: the file is cut off. Take the snapshot again.`,
  );
}

function scanNodes(reader: ByteReader, layout: SnapshotLayout): NodeColumns {
  const { nodeCount, nodeFieldCount: width } = layout;
  checkClaim(reader, nodeCount, width, 'nodes');
  const nodeType = new Uint8Array(nodeCount);
  const nodeName = new Uint32Array(nodeCount);
  const nodeId = new Uint32Array(nodeCount);
  const nodeSelfSize = new Uint32Array(nodeCount);
  const firstEdge = new Uint32Array(nodeCount + 1);
  const batch = new Uint32Array(BATCH_ROWS * width);
  let row = 0;
  let edges = 0;
  scanIntegers(reader, 'nodes', batch, (count) => {
    checkRows(reader, row, count, width, nodeCount, 'nodes');
    for (let at = 0; at < count; at += width, row++) {
      nodeType[row] = batch[at + layout.nodeType];
      nodeName[row] = batch[at + layout.nodeName];
      nodeId[row] = batch[at + layout.nodeId];
      nodeSelfSize[row] = batch[at + layout.nodeSelfSize];
      edges += batch[at + layout.nodeEdgeCount];
      firstEdge[row + 1] = edges;
    }
  });
  if (row !== nodeCount) throw corrupt(reader, `it has ${row} nodes where its header says ${nodeCount}`);
  if (edges !== layout.edgeCount)
    throw corrupt(reader, `its nodes have ${edges} edges where its header says ${layout.edgeCount}`);
  return { nodeCount, nodeType, nodeName, nodeId, nodeSelfSize, firstEdge };
}

function scanEdges(reader: ByteReader, layout: SnapshotLayout): EdgeColumns {
  const { edgeCount, edgeFieldCount: width, nodeFieldCount, nodeCount } = layout;
  checkClaim(reader, edgeCount, width, 'edges');
  const edgeType = new Uint8Array(edgeCount);
  const edgeName = new Uint32Array(edgeCount);
  const edgeTo = new Uint32Array(edgeCount);
  const batch = new Uint32Array(BATCH_ROWS * width);
  let row = 0;
  scanIntegers(reader, 'edges', batch, (count) => {
    checkRows(reader, row, count, width, edgeCount, 'edges');
    for (let at = 0; at < count; at += width, row++) {
      edgeType[row] = batch[at + layout.edgeType];
      edgeName[row] = batch[at + layout.edgeNameOrIndex];
      const to = batch[at + layout.edgeToNode] / nodeFieldCount;
      if (to >= nodeCount || to !== Math.floor(to)) throw corrupt(reader, `edge ${row} leads to no node`);
      edgeTo[row] = to;
    }
  });
  if (row !== edgeCount) throw corrupt(reader, `it has ${row} edges where its header says ${edgeCount}`);
  return { edgeCount, edgeType, edgeName, edgeTo };
}

function checkRows(reader: ByteReader, row: number, count: number, width: number, claimed: number, what: string): void {
  if (count % width !== 0) throw corrupt(reader, `its ${what} do not come in rows of ${width}`);
  if (row + count / width > claimed) throw corrupt(reader, `it has more ${what} than the ${claimed} of its header`);
}

function scanLocations(reader: ByteReader, layout: SnapshotLayout): Uint32Array<ArrayBuffer> {
  const width = layout.locationFieldCount;
  const { locationObject, locationScriptId, locationLine, locationColumn } = layout;
  if (width === 0 || Math.min(locationObject, locationScriptId, locationLine, locationColumn) < 0) {
    scanValue(reader, 'locations');
    return new Uint32Array(0);
  }
  let rows = new Uint32Array(4 * 1024);
  let filled = 0;
  const batch = new Uint32Array(BATCH_ROWS * width);
  scanIntegers(reader, 'locations', batch, (count) => {
    if (count % width !== 0) throw corrupt(reader, `its locations do not come in rows of ${width}`);
    for (let at = 0; at < count; at += width) {
      if (filled === rows.length) {
        const larger = new Uint32Array(rows.length * 2);
        larger.set(rows);
        rows = larger;
      }
      rows[filled++] = batch[at + locationObject] / layout.nodeFieldCount;
      rows[filled++] = batch[at + locationScriptId];
      rows[filled++] = batch[at + locationLine];
      rows[filled++] = batch[at + locationColumn];
    }
  });
  return rows.slice(0, filled);
}

function checkReferences(reader: ByteReader, nodes: NodeColumns, edges: EdgeColumns, stringCount: number): void {
  const { nodeName, nodeCount } = nodes;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeName[node] >= stringCount)
      throw corrupt(reader, `node ${node} is named by string ${nodeName[node]} of ${stringCount}`);
  }
  if (nodes.firstEdge[nodeCount] !== edges.edgeCount) throw corrupt(reader, 'its edges do not belong to its nodes');
}
