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

interface RawMeta {
  node_fields?: unknown;
  node_types?: unknown;
  edge_fields?: unknown;
  edge_types?: unknown;
  location_fields?: unknown;
}

/** Reads the layout from the `snapshot` object at the head of the file; throws EBB_HEAP_UNKNOWN_FORMAT where it can't. */
export function readLayout(header: unknown, file: string): SnapshotLayout {
  const snapshot = header as { meta?: RawMeta; node_count?: unknown; edge_count?: unknown };
  const meta = snapshot?.meta;
  const unknown = (what: string): HeapError =>
    new HeapError(
      'EBB_HEAP_UNKNOWN_FORMAT',
      `${file} is a heap snapshot of a format that Ebb does not know: ${what}. Ebb reads what Node 20 to 26 write; please report the Node version that wrote it.`,
    );
  if (!meta || typeof meta !== 'object') throw unknown('its "snapshot" object has no "meta"');
  const strings = (value: unknown, name: string): string[] => {
    if (!Array.isArray(value) || !value.every((v) => typeof v === 'string'))
      throw unknown(`"${name}" is no list of names`);
    return value as string[];
  };
  const nodeFields = strings(meta.node_fields, 'node_fields');
  const edgeFields = strings(meta.edge_fields, 'edge_fields');
  const locationFields = meta.location_fields === undefined ? [] : strings(meta.location_fields, 'location_fields');
  const need = (fields: string[], name: string, of: string): number => {
    const at = fields.indexOf(name);
    if (at < 0) throw unknown(`${of} has no field "${name}"`);
    return at;
  };
  const count = (value: unknown, name: string): number => {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw unknown(`"${name}" is ${JSON.stringify(value)}`);
    return value as number;
  };
  const nodeType = need(nodeFields, 'type', 'node_fields');
  const edgeType = need(edgeFields, 'type', 'edge_fields');
  const typesOf = (types: unknown, at: number, name: string): string[] =>
    strings(Array.isArray(types) ? types[at] : undefined, name);
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
