/** What every tool works with: the root, the open snapshots, and the words for answers. */
import type { HeapObject, Location, Page, PathStop, QueryOptions, Snapshot } from '@ebb/heap';
import { z } from 'zod';
import type { CodeLines, CodePlace } from './code-lines.ts';
import { cursorOf, offsetOf } from './cursor.ts';
import type { OpenSnapshots } from './open-snapshots.ts';
import type { Root } from './root.ts';

/** The server's parts. */
export interface Desk {
  root: Root;
  open: OpenSnapshots;
  lines: CodeLines;
  sourceMaps?: string;
}

const whole = z.int().nonnegative();

/** Arguments that several tools take. */
export const argument: {
  file: z.ZodString;
  id: z.ZodInt;
  cursor: z.ZodOptional<z.ZodString>;
  limit: (usual: number) => z.ZodDefault<z.ZodInt>;
} = {
  file: z.string().min(1).describe('snapshot file, relative to the root'),
  id: z.int().positive().describe('object id from another answer about this file'),
  cursor: z.string().optional().describe('nextCursor of the page before'),
  limit: (usual) => z.int().min(1).max(100).default(usual),
};

/** Shapes that several answers have. */
export const shape: {
  object: z.ZodObject<{
    id: z.ZodInt;
    type: z.ZodString;
    name: z.ZodOptional<z.ZodString>;
    shallowBytes: z.ZodInt;
    retainedBytes: z.ZodInt;
    at: z.ZodOptional<z.ZodString>;
    text: z.ZodOptional<z.ZodString>;
  }>;
  place: z.ZodObject<{ at: z.ZodString; code: z.ZodOptional<z.ZodString> }>;
  stop: z.ZodObject<{
    id: z.ZodOptional<z.ZodInt>;
    name: z.ZodString;
    type: z.ZodOptional<z.ZodString>;
    retainedBytes: z.ZodOptional<z.ZodInt>;
    at: z.ZodOptional<z.ZodString>;
  }>;
  count: z.ZodInt;
  end: { total: z.ZodInt; nextCursor: z.ZodOptional<z.ZodString> };
} = {
  object: z.object({
    id: whole,
    type: z.string(),
    name: z.string().optional(),
    shallowBytes: whole,
    retainedBytes: whole,
    at: z.string().optional(),
    text: z.string().optional(),
  }),
  place: z.object({ at: z.string(), code: z.string().optional() }),
  stop: z.object({
    id: whole.optional(),
    name: z.string(),
    type: z.string().optional(),
    retainedBytes: whole.optional(),
    at: z.string().optional(),
  }),
  count: whole,
  end: { total: whole, nextCursor: z.string().optional() },
};

/** An object in few words. */
export type TellObject = z.infer<typeof shape.object>;

/** An object in few words: what is not known is not told. */
export function tellObject({ lines }: Desk, object: HeapObject): TellObject {
  const { id, type, name, shallowBytes, retainedBytes, location, text } = object;
  return {
    id,
    type,
    ...(name === null ? {} : { name }),
    shallowBytes,
    retainedBytes: Math.round(retainedBytes),
    ...(location === null ? {} : { at: lines.at(location) }),
    ...(text === undefined ? {} : { text }),
  };
}

/** A place, where there is one. */
export function tellPlace<Key extends string>(
  { lines }: Desk,
  key: Key,
  location: Location | null | undefined,
): { [Name in Key]?: CodePlace } {
  return location ? ({ [key]: lines.place(location) } as { [Name in Key]?: CodePlace }) : {};
}

const MOST_STOPS = 8;

/** A path in few words: its beginning, and the stops before its end. */
export function tellStops(
  { lines }: Desk,
  stops: (Omit<PathStop, 'id' | 'retainedBytes'> & { id?: number | undefined; retainedBytes?: number })[],
  omitted: number = 0,
): z.infer<typeof shape.stop>[] {
  const told = stops.map(({ id, name, type, edge, retainedBytes, location }) => ({
    ...(id === undefined ? {} : { id }),
    name: edge.startsWith('[') ? edge : name,
    ...(type === name && !edge.startsWith('[') ? {} : { type }),
    ...(retainedBytes === undefined ? {} : { retainedBytes: Math.round(retainedBytes) }),
    ...(location === null ? {} : { at: lines.at(location) }),
  }));
  if (told.length <= MOST_STOPS) return told;
  const more = { name: `(${String(told.length - MOST_STOPS + 1 + omitted)} more)` };
  return [...told.slice(0, 1), more, ...told.slice(told.length - MOST_STOPS + 2)];
}

/** A question that is answered with part of a list. */
export interface ListQuestion {
  tool: string;
  /** Snapshot files, relative to the root; the last is the one that is opened. */
  files: string[];
  /** All else that was asked, but for which part. */
  about: unknown;
}

/** Part of a list of a snapshot. */
export interface AskedList {
  /** The files' whole paths. */
  paths: string[];
  /** Asks the snapshot, opened where it is not open, for that part. */
  from: <Answer>(
    ask: QueryOptions,
    query: (snapshot: Snapshot, part: { limit: number; offset: number }) => Promise<Answer>,
  ) => Promise<Answer>;
  /** How long the list is, and where it goes on. */
  end: (page: Page<unknown>) => { total: number; nextCursor?: string };
}

/** Finds the part that was asked for; throws EBB_CLI_STALE_CURSOR where the cursor is of another question. */
export function askedList(
  { root, open }: Desk,
  { tool, files, about }: ListQuestion,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): AskedList {
  const owner = { tool, files: files.map((file) => root.resolve(file)), question: about };
  const part = { limit, offset: offsetOf(owner, cursor) };
  return {
    paths: owner.files,
    from: (ask, query) => open.use(owner.files.at(-1) ?? '', ask, (snapshot) => query(snapshot, part)),
    end: ({ total, next }) => {
      const nextCursor = cursorOf(owner, next);
      return { total, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
  };
}
