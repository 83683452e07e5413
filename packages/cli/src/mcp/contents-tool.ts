/** `contents`: what weighs in a heap whether or not it leaks. */
import type { DuplicatedString, HeapContents } from '@ebb/heap';
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { argument, type Desk, shape } from './desk.ts';
import { addTool } from './tool.ts';

const item = z.object({
  id: shape.count,
  type: z.string(),
  bytes: shape.count,
  count: shape.count.optional(),
  heldAs: z.string(),
  at: z.string().optional(),
});

const outputShape = z.object({
  heapBytes: shape.count,
  objects: shape.count,
  duplicatedStrings: z.object({
    wastedBytes: shape.count,
    byReference: z.array(z.object({ reference: z.string(), wastedBytes: shape.count, sampleId: shape.count })),
  }),
  buffers: z.object({ bytes: shape.count, largest: z.array(item) }),
  overAllocated: z.object({ wastedBytes: shape.count, largest: z.array(item.extend({ cause: z.string() })) }),
  keptScopes: z.array(
    z.object({
      id: shape.count,
      retainedBytes: shape.count,
      count: shape.count,
      closures: z.array(z.string()),
      heaviest: z.array(z.string()),
    }),
  ),
});

/** Offers the tool. */
export function addContentsTool(server: McpServer, desk: Desk): void {
  const { root, open } = desk;
  addTool(server, {
    name: 'contents',
    title: 'What weighs in a heap',
    description:
      'What weighs whether or not it leaks: duplicated strings (by the reference that holds them, never by text), large buffers, collections with more room than content, scopes that a small closure keeps.',
    input: z.object({ file: argument.file, limit: z.int().min(1).max(20).default(3).describe('rows of each list') }),
    output: outputShape,
    run: async ({ file, limit }, ask) => {
      const contents = await open.use(root.resolve(file), ask, (snapshot) => snapshot.contents(ask));
      return tellContents(desk, contents, limit);
    },
  });
}

function tellContents({ lines }: Desk, contents: HeapContents, limit: number): z.input<typeof outputShape> {
  const { totals, duplicatedStrings, buffers, overAllocated, keptContexts } = contents;
  const heldAs = (path: { name: string; edge: string }[]): string =>
    path
      .slice(-4)
      .map(({ name, edge }) => (edge.startsWith('[') ? edge : name))
      .join(' > ');
  const several = (count: number): { count?: number } => (count > 1 ? { count } : {});
  const placeOf = (path: { location: Parameters<typeof lines.at>[0] | null }[]): { at?: string } => {
    const location = path.findLast((place) => place.location !== null)?.location;
    return location ? { at: lines.at(location) } : {};
  };
  return {
    heapBytes: Math.round(totals.bytes),
    objects: totals.objects,
    duplicatedStrings: {
      wastedBytes: duplicatedStrings.wastedBytes,
      byReference: byReference(duplicatedStrings.groups).slice(0, limit),
    },
    buffers: {
      bytes: buffers.bytes,
      largest: buffers.largest.slice(0, limit).map((row) => {
        const { type, bytes, nodeId, path } = row;
        return { id: nodeId, type, bytes, ...several(row.buffers), heldAs: heldAs(path), ...placeOf(path) };
      }),
    },
    overAllocated: {
      wastedBytes: overAllocated.wastedBytes,
      largest: overAllocated.collections.slice(0, limit).map((row) => {
        const { type, cause, wastedBytes, nodeId, path, collections } = row;
        const at = row.location ? { at: lines.at(row.location) } : placeOf(path);
        return { id: nodeId, type, bytes: wastedBytes, cause, ...several(collections), heldAs: heldAs(path), ...at };
      }),
    },
    keptScopes: keptContexts.slice(0, limit).map(({ nodeId, retainedBytes, contexts, closures, variables }) => ({
      id: nodeId,
      retainedBytes: Math.round(retainedBytes),
      count: contexts,
      closures: closures.slice(0, 3).map(({ name, location }) => (location ? `${name} ${lines.at(location)}` : name)),
      heaviest: variables
        .slice(0, 3)
        .map(({ name, type, retainedBytes: bytes }) => `${name}: ${type}, ${String(Math.round(bytes))} bytes`),
    })),
  };
}

/** Waste by the reference that holds most copies: one list of a thousand titles is one thing to mend. */
function byReference(groups: DuplicatedString[]): { reference: string; wastedBytes: number; sampleId: number }[] {
  const rows = new Map<string, { reference: string; wastedBytes: number; sampleId: number }>();
  for (const { wastedBytes, heldBy, nodeId } of groups) {
    const reference = heldBy[0]?.reference ?? '(unknown)';
    const row = rows.get(reference);
    if (row) row.wastedBytes += wastedBytes;
    else rows.set(reference, { reference, wastedBytes, sampleId: nodeId });
  }
  return [...rows.values()].sort((a, b) => b.wastedBytes - a.wastedBytes);
}
