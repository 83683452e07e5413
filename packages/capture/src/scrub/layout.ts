/**
 * The layout of a heap snapshot, from its own head: `{"snapshot":{"meta":{…},"node_count":…},"nodes":[…],"edges":[…],…}`.
 */
import { CaptureError } from '../error.ts';

/** Where in a node and an edge what stands, and which types there are. */
export interface Layout {
  nodeCount: number;
  edgeCount: number;
  nodeFields: number;
  nodeType: number;
  nodeName: number;
  nodeEdgeCount: number;
  edgeFields: number;
  edgeType: number;
  edgeName: number;
  edgeTo: number;
  nodeTypes: readonly string[];
  edgeTypes: readonly string[];
}

interface Head {
  snapshot: {
    node_count: number;
    edge_count: number;
    meta: {
      node_fields: string[];
      node_types: [string[], ...unknown[]];
      edge_fields: string[];
      edge_types: [string[], ...unknown[]];
    };
  };
}

/**
 * @param head the file up to, and without, `"nodes"`
 * @throws {CaptureError} EBB_CAPTURE_NOT_A_SNAPSHOT
 */
export function readLayout(head: string, file: string): Layout {
  try {
    const { snapshot } = JSON.parse(`${head.trimEnd().replace(/,$/, '')}}`) as Head;
    const {
      node_fields: nodeFields,
      edge_fields: edgeFields,
      node_types: nodeTypes,
      edge_types: edgeTypes,
    } = snapshot.meta;
    const layout: Layout = {
      nodeCount: snapshot.node_count,
      edgeCount: snapshot.edge_count,
      nodeFields: nodeFields.length,
      nodeType: nodeFields.indexOf('type'),
      nodeName: nodeFields.indexOf('name'),
      nodeEdgeCount: nodeFields.indexOf('edge_count'),
      edgeFields: edgeFields.length,
      edgeType: edgeFields.indexOf('type'),
      edgeName: edgeFields.indexOf('name_or_index'),
      edgeTo: edgeFields.indexOf('to_node'),
      nodeTypes: nodeTypes[0],
      edgeTypes: edgeTypes[0],
    };
    const numbers = Object.values(layout).filter((value) => typeof value === 'number');
    if (numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) return layout;
  } catch {
    // Said below.
  }
  throw notASnapshot(file, 'its beginning is not that of a heap snapshot');
}

/** The error for a file that is something else, or was cut off. */
export function notASnapshot(file: string, why: string): CaptureError {
  return new CaptureError(
    'EBB_CAPTURE_NOT_A_SNAPSHOT',
    `${file} cannot be scrubbed: ${why}. Name a whole .heapsnapshot file as V8 writes them.`,
  );
}
