import { HeapError } from '../errors/heap-error.ts';

/** Where each field of a node, an edge and a location stands in its row; looked up by name, never by position. */
export interface SnapshotLayout {
  nodeCount: number;
  edgeCount: number;
  nodeFieldCount: number;
  nodeType: number;
  nodeName: number;
  nodeId: number;
  nodeSelfSize: number;
  nodeEdgeCount: number;
  nodeTypeNames: string[];
  edgeFieldCount: number;
  edgeType: number;
  edgeNameOrIndex: number;
  edgeToNode: number;
  edgeTypeNames: string[];
  locationFieldCount: number;
  locationObject: number;
  locationScriptId: number;
  locationLine: number;
  locationColumn: number;
}

/** More fields a row, or types, than any format will have; what a damaged header asks for must not be allocated. */
const MAX_FIELDS = 64;
const MAX_TYPES = 255;

interface RawMeta {
  node_fields?: unknown;
  node_types?: unknown;
  edge_fields?: unknown;
  edge_types?: unknown;
  location_fields?: unknown;
}

/** What a file of another kind says that begins like a snapshot, or doesn't. */
export function notASnapshot(file: string): HeapError {
  return new HeapError(
    'EBB_HEAP_NOT_A_SNAPSHOT',
    `${file} is not a V8 heap snapshot: that begins with {"snapshot":{"meta":. One is made by \`ebb watch\`, v8.writeHeapSnapshot(), node --heapsnapshot-signal, or DevTools; CPU and sampling heap profiles are other things.`,
  );
}

/**
 * Reads the layout from the `snapshot` object at the head of the file; throws EBB_HEAP_NOT_A_SNAPSHOT where it has no
 * `meta`, EBB_HEAP_UNKNOWN_FORMAT where that lacks what Ebb needs.
 */
export function readLayout(header: unknown, file: string): SnapshotLayout {
  const snapshot = header as { meta?: RawMeta; node_count?: unknown; edge_count?: unknown } | null;
  const meta = snapshot?.meta;
  const unknown = (what: string): HeapError =>
    new HeapError(
      'EBB_HEAP_UNKNOWN_FORMAT',
      `${file} is a heap snapshot of a format that Ebb does not know: ${what}. Ebb reads what Node 20 to 26 write; please report the Node version that wrote it.`,
    );
  if (!snapshot || !meta || typeof meta !== 'object') throw notASnapshot(file);
  const strings = (value: unknown, name: string, atMost: number): string[] => {
    if (!Array.isArray(value) || !value.every((v) => typeof v === 'string')) {
      throw unknown(`"${name}" is no list of names`);
    }
    if (value.length > atMost) throw unknown(`"${name}" has ${value.length} names`);
    return value;
  };
  const nodeFields = strings(meta.node_fields, 'node_fields', MAX_FIELDS);
  const edgeFields = strings(meta.edge_fields, 'edge_fields', MAX_FIELDS);
  const locationFields =
    meta.location_fields === undefined ? [] : strings(meta.location_fields, 'location_fields', MAX_FIELDS);
  const need = (fields: string[], name: string, of: string): number => {
    const at = fields.indexOf(name);
    if (at < 0) throw unknown(`${of} has no field "${name}"`);
    return at;
  };
  const count = (value: unknown, name: string): number => {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw unknown(`"${name}" is no count`);
    return value as number;
  };
  const nodeType = need(nodeFields, 'type', 'node_fields');
  const edgeType = need(edgeFields, 'type', 'edge_fields');
  const typesOf = (types: unknown, at: number, name: string): string[] =>
    strings(Array.isArray(types) ? types[at] : undefined, name, MAX_TYPES);
  return {
    nodeCount: count(snapshot.node_count, 'node_count'),
    edgeCount: count(snapshot.edge_count, 'edge_count'),
    nodeFieldCount: nodeFields.length,
    nodeType,
    nodeName: need(nodeFields, 'name', 'node_fields'),
    nodeId: need(nodeFields, 'id', 'node_fields'),
    nodeSelfSize: need(nodeFields, 'self_size', 'node_fields'),
    nodeEdgeCount: need(nodeFields, 'edge_count', 'node_fields'),
    nodeTypeNames: typesOf(meta.node_types, nodeType, 'node_types'),
    edgeFieldCount: edgeFields.length,
    edgeType,
    edgeNameOrIndex: need(edgeFields, 'name_or_index', 'edge_fields'),
    edgeToNode: need(edgeFields, 'to_node', 'edge_fields'),
    edgeTypeNames: typesOf(meta.edge_types, edgeType, 'edge_types'),
    locationFieldCount: locationFields.length,
    locationObject: locationFields.indexOf('object_index'),
    locationScriptId: locationFields.indexOf('script_id'),
    locationLine: locationFields.indexOf('line'),
    locationColumn: locationFields.indexOf('column'),
  };
}
