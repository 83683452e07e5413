/** From the snapshot's rows of integers to columns, each number held against what it must refer to. */
import { HeapError } from '../errors/heap-error.ts';
import type { ByteReader } from './byte-reader.ts';
import { corrupt, scanIntegers, scanValue } from './json-scanner.ts';
import type { SnapshotLayout } from './meta.ts';

/** The nodes, one row each; a node's ordinal is its row. */
export interface NodeColumns {
  nodeCount: number;
  /** Index into the layout's `nodeTypeNames`. */
  nodeType: Uint8Array;
  /** Index into the strings. */
  nodeName: Uint32Array;
  /** V8's object id: the same object has the same id in every snapshot of one process. */
  nodeId: Uint32Array;
  /** Bytes; 2^32 - 1 stands for that many or more. */
  nodeSelfSize: Uint32Array;
  /** `firstEdge[n]` to `firstEdge[n + 1]` are the edges of node n. */
  firstEdge: Uint32Array;
}

/** The edges, one row each, in order of the node that has them. */
export interface EdgeColumns {
  edgeCount: number;
  /** Index into the layout's `edgeTypeNames`. */
  edgeType: Uint8Array;
  /** Index into the strings, or the number itself, by edge type. */
  edgeName: Uint32Array;
  /** Node ordinal. */
  edgeTo: Uint32Array;
}

const BATCH_ROWS = 8192;

/** A header may claim anything; a number takes at least two bytes, so the file's own size bounds what is allocated. */
function checkClaim(reader: ByteReader, rows: number, fields: number, what: string): void {
  if (rows * fields * 2 <= reader.sizeBytes) return;
  throw new HeapError(
    'EBB_HEAP_TRUNCATED',
    `${reader.file} says that it has ${rows} ${what}, but with ${reader.sizeBytes} bytes it cannot: the file is cut off. Take the snapshot again.`,
  );
}

function checkRows(reader: ByteReader, row: number, count: number, width: number, claimed: number, what: string): void {
  if (count % width !== 0) throw corrupt(reader, `its ${what} do not come in rows of ${width}`);
  if (row + count / width > claimed) throw corrupt(reader, `it has more ${what} than the ${claimed} of its header`);
}

/** Takes the array of nodes. */
export function scanNodes(reader: ByteReader, layout: SnapshotLayout): NodeColumns {
  const { nodeCount, nodeFieldCount: width, edgeCount } = layout;
  const typeCount = layout.nodeTypeNames.length;
  if (nodeCount === 0) throw corrupt(reader, 'it has no nodes, not even a root');
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
      const type = batch[at + layout.nodeType];
      if (type >= typeCount) throw corrupt(reader, `node ${row} is of type ${type}, of ${typeCount}`);
      nodeType[row] = type;
      nodeName[row] = batch[at + layout.nodeName];
      nodeId[row] = batch[at + layout.nodeId];
      nodeSelfSize[row] = batch[at + layout.nodeSelfSize];
      edges += batch[at + layout.nodeEdgeCount];
      firstEdge[row + 1] = edges;
    }
  });
  if (row !== nodeCount) throw corrupt(reader, `it has ${row} nodes where its header says ${nodeCount}`);
  if (edges !== edgeCount) throw corrupt(reader, `its nodes have ${edges} edges where its header says ${edgeCount}`);
  return { nodeCount, nodeType, nodeName, nodeId, nodeSelfSize, firstEdge };
}

/** Takes the array of edges. */
export function scanEdges(reader: ByteReader, layout: SnapshotLayout): EdgeColumns {
  const { edgeCount, edgeFieldCount: width, nodeFieldCount, nodeCount } = layout;
  const typeCount = layout.edgeTypeNames.length;
  checkClaim(reader, edgeCount, width, 'edges');
  const edgeType = new Uint8Array(edgeCount);
  const edgeName = new Uint32Array(edgeCount);
  const edgeTo = new Uint32Array(edgeCount);
  const batch = new Uint32Array(BATCH_ROWS * width);
  let row = 0;
  scanIntegers(reader, 'edges', batch, (count) => {
    checkRows(reader, row, count, width, edgeCount, 'edges');
    for (let at = 0; at < count; at += width, row++) {
      const type = batch[at + layout.edgeType];
      if (type >= typeCount) throw corrupt(reader, `edge ${row} is of type ${type}, of ${typeCount}`);
      const to = batch[at + layout.edgeToNode] / nodeFieldCount;
      if (to >= nodeCount || to !== Math.floor(to)) throw corrupt(reader, `edge ${row} leads to no node`);
      edgeType[row] = type;
      edgeName[row] = batch[at + layout.edgeNameOrIndex];
      edgeTo[row] = to;
    }
  });
  if (row !== edgeCount) throw corrupt(reader, `it has ${row} edges where its header says ${edgeCount}`);
  return { edgeCount, edgeType, edgeName, edgeTo };
}

/** V8 writes -1, as an unsigned number, for a line or column that it could not tell. */
const UNKNOWN_POSITION = 0xffffffff;

/** Takes the array of locations: rows of (node ordinal, script id, 0-based line, 0-based column), the known ones. */
export function scanLocations(reader: ByteReader, layout: SnapshotLayout): Uint32Array {
  const width = layout.locationFieldCount;
  const { locationObject, locationScriptId, locationLine, locationColumn, nodeFieldCount, nodeCount } = layout;
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
      const node = batch[at + locationObject] / nodeFieldCount;
      if (node >= nodeCount || node !== Math.floor(node)) throw corrupt(reader, 'a location belongs to no node');
      const line = batch[at + locationLine];
      const column = batch[at + locationColumn];
      if (line === UNKNOWN_POSITION || column === UNKNOWN_POSITION) continue;
      if (filled === rows.length) {
        const larger = new Uint32Array(rows.length * 2);
        larger.set(rows);
        rows = larger;
      }
      rows[filled++] = node;
      rows[filled++] = batch[at + locationScriptId];
      rows[filled++] = line;
      rows[filled++] = column;
    }
  });
  return rows.slice(0, filled);
}

/** Edges of these types are named by a string; of the others (`element`, `hidden`), the name is a number. */
const namedEdgeTypes = new Set(['context', 'property', 'internal', 'shortcut', 'weak']);

/** Holds the names of nodes and edges against the number of strings, which the file tells last. O(nodes + edges). */
export function checkReferences(
  reader: ByteReader,
  layout: SnapshotLayout,
  nodes: NodeColumns,
  edges: EdgeColumns,
  stringCount: number,
): void {
  const { nodeName } = nodes;
  for (let node = 0; node < nodeName.length; node++) {
    if (nodeName[node] >= stringCount) {
      throw corrupt(reader, `node ${node} is named by string ${nodeName[node]} of ${stringCount}`);
    }
  }
  const { edgeType, edgeName } = edges;
  const isNamed = Uint8Array.from(layout.edgeTypeNames, (name) => (namedEdgeTypes.has(name) ? 1 : 0));
  for (let edge = 0; edge < edgeName.length; edge++) {
    if (edgeName[edge] >= stringCount && isNamed[edgeType[edge]] === 1) {
      throw corrupt(reader, `edge ${edge} is named by string ${edgeName[edge]} of ${stringCount}`);
    }
  }
}
