/** `summary`, `classes`, `objects`, `compare` and `find`: what is in a heap, and what came since another. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import { argument, askedList, type Desk, shape, tellObject } from './desk.ts';
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
      lost: z.array(z.string()).optional().describe('what a cut-off file had lost'),
      heapBytes: shape.count,
      objects: shape.count,
      classes: shape.count,
      kinds: z.array(z.object({ kind: z.string(), objects: shape.count, shallowBytes: shape.count })),
    }),
    run: async ({ file }, ask) => {
      const summary = await open.use(root.resolve(file), ask, (snapshot) => snapshot.summary(ask));
      const { nodeVersion, fileBytes, lost, heapBytes, objects, classes, kinds } = summary;
      return {
        ...{ nodeVersion, fileBytes },
        ...(lost === undefined ? {} : { lost }),
        ...{ heapBytes: Math.round(heapBytes), objects, classes, kinds: kinds.slice(0, 6) },
      };
    },
  });
}

function addClassesTool(server: McpServer, desk: Desk): void {
  const { lines } = desk;
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
      ...shape.end,
    }),
    run: async ({ file, filter = '', sort, ...page }, ask) => {
      const list = askedList(desk, { tool: 'classes', files: [file], about: [filter, sort] }, page);
      const found = await list.from(ask, (snapshot, part) => snapshot.classes({ filter, sort, ...part }, ask));
      const classes = found.rows.map(({ location, retainedBytes, ...row }) => ({
        ...row,
        retainedBytes: Math.round(retainedBytes),
        ...(location === null ? {} : { at: lines.at(location) }),
      }));
      return { classes, ...list.end(found) };
    },
  });
}

function addObjectsTool(server: McpServer, desk: Desk): void {
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
    output: z.object({ objects: z.array(shape.object), ...shape.end }),
    run: async ({ file, type, sort, ...page }, ask) => {
      const list = askedList(desk, { tool: 'objects', files: [file], about: [type, sort] }, page);
      const objects = await list.from(ask, (snapshot, part) => snapshot.objects({ type, sort, ...part }, ask));
      return { objects: objects.rows.map((object) => tellObject(desk, object)), ...list.end(objects) };
    },
  });
}

function addCompareTool(server: McpServer, desk: Desk): void {
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
      ...shape.end,
    }),
    run: async ({ earlier, later, filter = '', sort, ...page }, ask) => {
      const list = askedList(desk, { tool: 'compare', files: [earlier, later], about: [filter, sort] }, page);
      const [before] = list.paths;
      desk.open.checkSize(before);
      const change = await list.from(ask, (snapshot, part) => snapshot.compare(before, { filter, sort, ...part }, ask));
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
        ...list.end(classes),
      };
    },
  });
}

function addFindTool(server: McpServer, desk: Desk): void {
  const { lines } = desk;
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
      ...shape.end,
    }),
    run: async ({ file, name, source, line, ...page }, ask) => {
      if ((name === undefined) === (source === undefined))
        throw new CliError('EBB_CLI_BAD_VALUE', 'find takes a name or a source, one of the two', {
          next: 'give the name of a property or variable, or the file of the code',
        });
      const list = askedList(desk, { tool: 'find', files: [file], about: [name, source, line] }, page);
      return list.from(ask, async (snapshot, part) => {
        if (name !== undefined) {
          const held = await snapshot.findByName({ name, ...part }, ask);
          const found = held.rows.map(({ object, heldBy }) => {
            const { id, type, shallowBytes, retainedBytes, at } = tellObject(desk, object);
            const holder = `${heldBy.type} @${String(heldBy.id)}`;
            return { id, type, shallowBytes, retainedBytes, ...(at === undefined ? {} : { at }), heldBy: holder };
          });
          return { found, ...list.end(held) };
        }
        const query = { file: source ?? '', ...(line === undefined ? {} : { line }), ...part };
        const { code } = await snapshot.findByCode(query, ask);
        const found = code.rows.map(({ location, type, objects, shallowBytes, retainedBytes, largestId }) => {
          const bytes = { shallowBytes, retainedBytes: Math.round(retainedBytes) };
          return { id: largestId, type, objects, ...bytes, at: lines.at(location) };
        });
        return { found, ...list.end(code) };
      });
    },
  });
}
