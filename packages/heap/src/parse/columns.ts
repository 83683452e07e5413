/** From the snapshot's rows of integers to columns, each number held against what it must refer to. */
import { HeapError } from '../errors/heap-error.ts';
import type { ByteReader } from './byte-reader.ts';
import { corrupt, scanValue } from './json-scanner.ts';
import type { Kernel } from './kernel/kernel.ts';
import { scanRows } from './kernel/scan-rows.ts';
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
  /** The largest of `nodeName`. */
  largestNodeName: number;
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
  /** The largest of those in `edgeName` that are indices into the strings. */
  largestEdgeName: number;
}

/** How far reading has come, for what can be told of a file that is cut off. */
export class RowsRead {
  nodes = 0;
  edges = 0;
  /** Rows of (node ordinal, script id, 0-based line, 0-based column), the known ones. */
  locations: Uint32Array = new Uint32Array(0);
  /** Of any kind, known or not. */
  locationCount = 0;
}

/**
 * A header may claim anything; a number takes at least two bytes, so the file's own size bounds what is allocated. Where
 * the claim is beyond it, the rows are but counted: either the file ends within them, or the header lies.
 */
function checkClaim(
  reader: ByteReader,
  within: 'nodes' | 'edges',
  claim: { rows: number; width: number },
  kernel: Kernel,
  read: RowsRead,
): void {
  const { rows, width } = claim;
  if (rows * width * 2 <= reader.sizeBytes) return;
  scanRows(reader, within, kernel, width, (more) => {
    read[within] += more;
  });
  throw corrupt(reader, `it has ${read[within]} ${within} where its header says ${rows}`);
}

function tooMany(reader: ByteReader, claimed: number, what: string): HeapError {
  return corrupt(reader, `it has more ${what} than the ${claimed} of its header`);
}

/** Takes the array of nodes. */
export function scanNodes(reader: ByteReader, layout: SnapshotLayout, kernel: Kernel, read: RowsRead): NodeColumns {
  const { nodeCount, nodeFieldCount: width, edgeCount } = layout;
  const typeCount = layout.nodeTypeNames.length;
  if (nodeCount === 0) throw corrupt(reader, 'it has no nodes, not even a root');
  checkClaim(reader, 'nodes', { rows: nodeCount, width }, kernel, read);
  const nodeType = new Uint8Array(nodeCount);
  const nodeName = new Uint32Array(nodeCount);
  const nodeId = new Uint32Array(nodeCount);
  const nodeSelfSize = new Uint32Array(nodeCount);
  const firstEdge = new Uint32Array(nodeCount + 1);
  const fields = {
    type: layout.nodeType,
    name: layout.nodeName,
    id: layout.nodeId,
    selfSize: layout.nodeSelfSize,
    edgeCount: layout.nodeEdgeCount,
  };
  const [names, ids, sizes, sums] = kernel.columns;
  let row = 0;
  const total = scanRows(reader, 'nodes', kernel, width, (rows) => {
    if (row + rows > nodeCount) throw tooMany(reader, nodeCount, 'nodes');
    const good = kernel.nodes(rows, width, fields, typeCount);
    if (good < rows) {
      const type = kernel.integers[good * width + layout.nodeType];
      throw corrupt(reader, `node ${row + good} is of type ${type}, of ${typeCount}`);
    }
    nodeType.set(kernel.types.subarray(0, rows), row);
    nodeName.set(names.subarray(0, rows), row);
    nodeId.set(ids.subarray(0, rows), row);
    nodeSelfSize.set(sizes.subarray(0, rows), row);
    firstEdge.set(sums.subarray(0, rows), row + 1);
    row += rows;
    read.nodes = row;
  });
  const { edgeSum: edges, largestName: largestNodeName } = kernel;
  if (total % width !== 0) throw corrupt(reader, `its nodes do not come in rows of ${width}`);
  if (row !== nodeCount) throw corrupt(reader, `it has ${row} nodes where its header says ${nodeCount}`);
  if (edges !== edgeCount) throw corrupt(reader, `its nodes have ${edges} edges where its header says ${edgeCount}`);
  return { nodeCount, nodeType, nodeName, nodeId, nodeSelfSize, firstEdge, largestNodeName };
}

/** Takes the array of edges. */
export function scanEdges(reader: ByteReader, layout: SnapshotLayout, kernel: Kernel, read: RowsRead): EdgeColumns {
  const { edgeCount, edgeFieldCount: width, nodeFieldCount, nodeCount } = layout;
  const typeCount = layout.edgeTypeNames.length;
  checkClaim(reader, 'edges', { rows: edgeCount, width }, kernel, read);
  const edgeType = new Uint8Array(edgeCount);
  const edgeName = new Uint32Array(edgeCount);
  const edgeTo = new Uint32Array(edgeCount);
  const fields = { type: layout.edgeType, name: layout.edgeNameOrIndex, to: layout.edgeToNode };
  const check = { typeCount, named: namedTypesMask(layout), nodeFields: nodeFieldCount, nodeCount };
  const [names, targets] = kernel.columns;
  let row = 0;
  const total = scanRows(reader, 'edges', kernel, width, (rows) => {
    if (row + rows > edgeCount) throw tooMany(reader, edgeCount, 'edges');
    const good = kernel.edges(rows, width, fields, check);
    if (good < rows) {
      const type = kernel.integers[good * width + layout.edgeType];
      const wrong = type >= typeCount ? `is of type ${type}, of ${typeCount}` : 'leads to no node';
      throw corrupt(reader, `edge ${row + good} ${wrong}`);
    }
    edgeType.set(kernel.types.subarray(0, rows), row);
    edgeName.set(names.subarray(0, rows), row);
    edgeTo.set(targets.subarray(0, rows), row);
    row += rows;
    read.edges = row;
  });
  if (total % width !== 0) throw corrupt(reader, `its edges do not come in rows of ${width}`);
  if (row !== edgeCount) throw corrupt(reader, `it has ${row} edges where its header says ${edgeCount}`);
  return { edgeCount, edgeType, edgeName, edgeTo, largestEdgeName: kernel.largestName };
}

/** V8 writes -1, as an unsigned number, for a line or column that it could not tell. */
const UNKNOWN_POSITION = 0xffffffff;

/**
 * Takes the array of locations into `read`, as far as it goes. Scripts that were compiled with a negative `columnOffset`
 * (test runners do, to hide what they put before the code) have functions that begin before their first line's first
 * column: that is where they are told to be. Lines before the first are nowhere.
 */
export function scanLocations(reader: ByteReader, layout: SnapshotLayout, kernel: Kernel, read: RowsRead): void {
  const width = layout.locationFieldCount;
  const { locationObject, locationScriptId, locationLine, locationColumn, nodeFieldCount, nodeCount } = layout;
  if (width === 0 || Math.min(locationObject, locationScriptId, locationLine, locationColumn) < 0) {
    scanValue(reader, 'locations');
    return;
  }
  const { integers } = kernel;
  let known = new Uint32Array(4 * 1024);
  let filled = 0;
  try {
    const takeRows = (rows: number, negative: readonly number[]): void => {
      for (let at = 0; at < rows * width; at += width) {
        const node = integers[at + locationObject] / nodeFieldCount;
        if (node >= nodeCount || node !== Math.floor(node)) throw corrupt(reader, 'a location belongs to no node');
        const line = integers[at + locationLine];
        const column = negative.includes(at + locationColumn) ? 0 : integers[at + locationColumn];
        if (negative.includes(at + locationLine)) continue;
        if (line === UNKNOWN_POSITION || column === UNKNOWN_POSITION) continue;
        if (filled === known.length) {
          const larger = new Uint32Array(known.length * 2);
          larger.set(known);
          known = larger;
        }
        known[filled++] = node;
        known[filled++] = integers[at + locationScriptId];
        known[filled++] = line;
        known[filled++] = column;
      }
      read.locationCount += rows;
    };
    const total = scanRows(reader, 'locations', kernel, width, takeRows, { mayBeNegative: true });
    if (total % width !== 0) throw corrupt(reader, `its locations do not come in rows of ${width}`);
  } finally {
    read.locations = known.slice(0, filled);
  }
}

/** Edges of these types are named by a string; of the others (`element`, `hidden`), the name is a number. */
const namedEdgeTypes = new Set(['context', 'property', 'internal', 'shortcut', 'weak']);

/** A bit for each type of edge whose name is an index into the strings. */
export function namedTypesMask({ edgeTypeNames }: SnapshotLayout): bigint {
  return edgeTypeNames.reduce(
    (mask, name, type) => (namedEdgeTypes.has(name) ? mask | (1n << BigInt(type)) : mask),
    0n,
  );
}

/** Holds the names of nodes and edges against the number of strings, which the file tells last. */
export function checkReferences(
  reader: ByteReader,
  layout: SnapshotLayout,
  { nodeName, largestNodeName }: NodeColumns,
  { edgeType, edgeName, largestEdgeName }: EdgeColumns,
  stringCount: number,
): void {
  if (largestNodeName >= stringCount) {
    const node = nodeName.indexOf(largestNodeName);
    throw corrupt(reader, `node ${node} is named by string ${largestNodeName} of ${stringCount}`);
  }
  if (largestEdgeName >= stringCount) {
    const edge = edgeName.findIndex(
      (name, at) => name === largestEdgeName && namedEdgeTypes.has(layout.edgeTypeNames[edgeType[at]]),
    );
    throw corrupt(reader, `edge ${edge} is named by string ${largestEdgeName} of ${stringCount}`);
  }
}
