/** `summary`, `classes`, `objects`, `compare` and `find`: what is in a heap, and what came since another. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import { offsetOf } from './cursor.ts';
import { argument, type Desk, shape, tellNext, tellObject } from './desk.ts';
import { addTool } from './tool.ts';

/** Offers the tools. */
export function addHeapTools(server: McpServer, desk: Desk): void {
  addSummaryTool(server, desk);
  addClassesTool(server, desk);
  addObjectsTool(server, desk);
  addCompareTool(server, desk);
  addFindTool(server, desk);
}

function addSummaryTool(server: McpServer, { root, open }: Desk): void {
  addTool(server, {
    name: 'summary',
    title: 'Summarise a snapshot',
    description: 'Size of the heap, count of objects, what kinds of them weigh most, and the Node.js that wrote it.',
    input: z.object({ file: argument.file }),
    output: z.object({
      nodeVersion: z.string().nullable(),
      fileBytes: shape.count,
      heapBytes: shape.count,
      objects: shape.count,
      classes: shape.count,
      kinds: z.array(z.object({ kind: z.string(), objects: shape.count, shallowBytes: shape.count })),
    }),
    run: async ({ file }, ask) => {
      const summary = await open.use(root.resolve(file), ask, (snapshot) => snapshot.summary(ask));
      const { nodeVersion, fileBytes, heapBytes, objects, classes, kinds } = summary;
      return { nodeVersion, fileBytes, heapBytes: Math.round(heapBytes), objects, classes, kinds: kinds.slice(0, 6) };
    },
  });
}

function addClassesTool(server: McpServer, desk: Desk): void {
  const { root, open, lines } = desk;
  addTool(server, {
    name: 'classes',
    title: 'List classes',
    description: 'Classes with count, shallow and retained bytes, those that retain most first.',
    input: z.object({
      file: argument.file,
      filter: z.string().optional().describe("part of the class's name"),
      sort: z.enum(['retainedBytes', 'shallowBytes', 'objects', 'type']).default('retainedBytes'),
      limit: argument.limit(10),
      cursor: argument.cursor,
    }),
    output: z.object({
      classes: z.array(
        z.object({
          type: z.string(),
          objects: shape.count,
          shallowBytes: shape.count,
          retainedBytes: shape.count,
          largestId: shape.count,
          at: z.string().optional(),
        }),
      ),
      total: shape.count,
      nextCursor: shape.nextCursor,
    }),
    run: async ({ file, filter = '', sort, limit, cursor }, ask) => {
      const path = root.resolve(file);
      const owner = { tool: 'classes', files: [path], question: [filter, sort] };
      const query = { filter, sort, limit, offset: offsetOf(owner, cursor) };
      const page = await open.use(path, ask, (snapshot) => snapshot.classes(query, ask));
      const classes = page.rows.map(({ location, retainedBytes, ...row }) => ({
        ...row,
        retainedBytes: Math.round(retainedBytes),
        ...(location === null ? {} : { at: lines.at(location) }),
      }));
      return { classes, total: page.total, ...tellNext(owner, page) };
    },
  });
}

function addObjectsTool(server: McpServer, desk: Desk): void {
  const { root, open } = desk;
  addTool(server, {
    name: 'objects',
    title: 'List objects of a class',
    description: 'Objects of one class (its whole name, as other answers tell it), the largest first.',
    input: z.object({
      file: argument.file,
      type: z.string(),
      sort: z.enum(['retainedBytes', 'shallowBytes']).default('retainedBytes'),
      limit: argument.limit(5),
      cursor: argument.cursor,
    }),
    output: z.object({ objects: z.array(shape.object), total: shape.count, nextCursor: shape.nextCursor }),
    run: async ({ file, type, sort, limit, cursor }, ask) => {
      const path = root.resolve(file);
      const owner = { tool: 'objects', files: [path], question: [type, sort] };
      const query = { type, sort, limit, offset: offsetOf(owner, cursor) };
      const page = await open.use(path, ask, (snapshot) => snapshot.objects(query, ask));
      return {
        objects: page.rows.map((object) => tellObject(desk, object)),
        total: page.total,
        ...tellNext(owner, page),
      };
    },
  });
}

function addCompareTool(server: McpServer, desk: Desk): void {
  const { root, open } = desk;
  addTool(server, {
    name: 'compare',
    title: 'Compare two snapshots',
    description:
      'What came, went and stayed between two snapshots of one process, by class, the largest growth first. Bytes are shallow; ids are of `later`.',
    input: z.object({
      earlier: argument.file,
      later: argument.file,
      filter: z.string().optional().describe("part of the class's name"),
      sort: z.enum(['growthBytes', 'newBytes', 'newObjects', 'goneBytes']).default('growthBytes'),
      limit: argument.limit(8),
      cursor: argument.cursor,
    }),
    output: z.object({
      newObjects: shape.count,
      newBytes: shape.count,
      goneObjects: shape.count,
      goneBytes: shape.count,
      growthBytes: z.int(),
      classes: z.array(
        z.object({
          type: z.string(),
          newObjects: shape.count,
          newBytes: shape.count,
          goneObjects: shape.count,
          keptObjects: shape.count,
          growthBytes: z.int(),
          newId: shape.count.optional(),
        }),
      ),
      total: shape.count,
      nextCursor: shape.nextCursor,
    }),
    run: async ({ earlier, later, filter = '', sort, limit, cursor }, ask) => {
      const [before, after] = [root.resolve(earlier), root.resolve(later)];
      open.checkSize(before);
      const owner = { tool: 'compare', files: [before, after], question: [filter, sort] };
      const query = { filter, sort, limit, offset: offsetOf(owner, cursor) };
      const change = await open.use(after, ask, (snapshot) => snapshot.compare(before, query, ask));
      const { newObjects, newBytes, goneObjects, goneBytes, growthBytes, classes } = change;
      return {
        ...{ newObjects, newBytes, goneObjects, goneBytes, growthBytes },
        classes: classes.rows.map((row) => ({
          type: row.type,
          newObjects: row.newObjects,
          newBytes: row.newBytes,
          goneObjects: row.goneObjects,
          keptObjects: row.keptObjects,
          growthBytes: row.growthBytes,
          ...(row.sampleId === null ? {} : { newId: row.sampleId }),
        })),
        total: classes.total,
        ...tellNext(owner, classes),
      };
    },
  });
}

function addFindTool(server: McpServer, desk: Desk): void {
  const { root, open, lines } = desk;
  addTool(server, {
    name: 'find',
    title: 'Find objects by name or by code',
    description:
      'By `name`: what a property or variable of that name holds. By `source` (a file, or its end; with `line` one function or class): what that code made and keeps.',
    input: z.object({
      file: argument.file,
      name: z.string().min(1).optional(),
      source: z.string().min(1).optional(),
      line: z.int().positive().optional(),
      limit: argument.limit(5),
      cursor: argument.cursor,
    }),
    output: z.object({
      found: z.array(
        shape.object
          .omit({ name: true, text: true })
          .extend({ heldBy: z.string().optional(), objects: shape.count.optional() }),
      ),
      total: shape.count,
      nextCursor: shape.nextCursor,
    }),
    run: async ({ file, name, source, line, limit, cursor }, ask) => {
      if ((name === undefined) === (source === undefined))
        throw new CliError('EBB_CLI_BAD_VALUE', 'find takes a name or a source, one of the two', {
          next: 'give the name of a property or variable, or the file of the code',
        });
      const path = root.resolve(file);
      const owner = { tool: 'find', files: [path], question: [name, source, line] };
      const part = { limit, offset: offsetOf(owner, cursor) };
      return open.use(path, ask, async (snapshot) => {
        if (name !== undefined) {
          const page = await snapshot.findByName({ name, ...part }, ask);
          const found = page.rows.map(({ object, heldBy }) => {
            const { id, type, shallowBytes, retainedBytes, at } = tellObject(desk, object);
            const holder = `${heldBy.type} @${String(heldBy.id)}`;
            return { id, type, shallowBytes, retainedBytes, ...(at === undefined ? {} : { at }), heldBy: holder };
          });
          return { found, total: page.total, ...tellNext(owner, page) };
        }
        const query = { file: source ?? '', ...(line === undefined ? {} : { line }), ...part };
        const { code } = await snapshot.findByCode(query, ask);
        const found = code.rows.map(({ location, type, objects, shallowBytes, retainedBytes, largestId }) => {
          const bytes = { shallowBytes, retainedBytes: Math.round(retainedBytes) };
          return { id: largestId, type, objects, ...bytes, at: lines.at(location) };
        });
        return { found, total: code.total, ...tellNext(owner, code) };
      });
    },
  });
}
