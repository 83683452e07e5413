/** `object`, `path`, `retainers`, `dominators` and `retained_set`: questions about one object. */
import type { Page, Reference } from '@ebb/heap';
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { argument, askedList, type Desk, shape, tellObject, tellPlace, tellStops } from './desk.ts';
import { addTool } from './tool.ts';

/** Offers the tools. */
export function addObjectTools(server: McpServer, desk: Desk): void {
  addObjectTool(server, desk);
  addPathTool(server, desk);
  addRetainersTool(server, desk);
  addDominatorsTool(server, desk);
  addRetainedSetTool(server, desk);
}

const asked = (
  usual: number,
): z.ZodObject<{
  file: typeof argument.file;
  id: typeof argument.id;
  limit: z.ZodDefault<z.ZodInt>;
  cursor: typeof argument.cursor;
}> => z.object({ file: argument.file, id: argument.id, limit: argument.limit(usual), cursor: argument.cursor });

const referenceShape = z.object({
  reference: z.string(),
  weak: z.boolean().optional(),
  id: shape.count,
  type: z.string(),
  retainedBytes: shape.count,
  at: z.string().optional(),
  text: z.string().optional(),
});

function tellReferences(desk: Desk, page: Page<Reference>): z.input<typeof referenceShape>[] {
  return page.rows.map(({ name, strong, object }) => {
    const { id, type, retainedBytes, at, text } = tellObject(desk, object);
    return {
      reference: name,
      ...(strong ? {} : { weak: true }),
      ...{ id, type, retainedBytes },
      ...(at === undefined ? {} : { at }),
      ...(text === undefined ? {} : { text }),
    };
  });
}

function addObjectTool(server: McpServer, desk: Desk): void {
  addTool(server, {
    name: 'object',
    title: 'Look at an object',
    description: 'An object and what it refers to, the heaviest first. Keys that are data are told as [key].',
    input: asked(8),
    output: shape.object.extend({
      references: z.array(referenceShape),
      ...shape.end,
    }),
    run: async ({ file, id, ...page }, ask) => {
      const list = askedList(desk, { tool: 'object', files: [file], about: id }, page);
      const { object, references } = await list.from(ask, (snapshot, part) => snapshot.object(id, part, ask));
      return {
        ...tellObject(desk, object),
        references: tellReferences(desk, references),
        ...list.end(references),
      };
    },
  });
}

const MOST_REMOVALS = 3;

function addPathTool(server: McpServer, desk: Desk): void {
  const { root, open } = desk;
  addTool(server, {
    name: 'path',
    title: 'Why is an object still there',
    description:
      "The way from the program's own code to an object, what holds it, and the lines that add to that and take out of it. `shortest`: the fewest references from the root instead.",
    input: z.object({ file: argument.file, id: argument.id, shortest: z.boolean().default(false) }),
    output: z.object({
      heldIn: z.string().optional(),
      path: z.array(shape.stop),
      insertedAt: shape.place.optional(),
      removedAt: z.array(shape.place).optional(),
      package: z.string().optional(),
      reachedFrom: shape.place.optional(),
    }),
    run: ({ file, id, shortest }, ask) =>
      open.use(root.resolve(file), ask, async (snapshot) => {
        if (shortest) {
          const { stops, omitted } = await snapshot.shortestPath(id, ask);
          return { path: tellStops(desk, stops, omitted) };
        }
        const path = await snapshot.path(id, ask);
        const removed = path.removedAt?.slice(0, MOST_REMOVALS).map((location) => desk.lines.place(location));
        return {
          heldIn: path.subject,
          path: tellStops(desk, path.stops),
          ...tellPlace(desk, 'insertedAt', path.insertedAt),
          ...(removed === undefined ? {} : { removedAt: removed }),
          ...(path.package === undefined ? {} : { package: path.package }),
          ...tellPlace(desk, 'reachedFrom', path.reachedFrom),
        };
      }),
  });
}

function addRetainersTool(server: McpServer, desk: Desk): void {
  addTool(server, {
    name: 'retainers',
    title: 'What refers to an object',
    description: "What refers to an object and keeps it alive, the nearest to the program's globals first.",
    input: asked(5),
    output: z.object({ retainers: z.array(referenceShape), ...shape.end }),
    run: async ({ file, id, ...page }, ask) => {
      const list = askedList(desk, { tool: 'retainers', files: [file], about: id }, page);
      const references = await list.from(ask, (snapshot, part) => snapshot.retainers(id, part, ask));
      return { retainers: tellReferences(desk, references), ...list.end(references) };
    },
  });
}

function addDominatorsTool(server: McpServer, desk: Desk): void {
  addTool(server, {
    name: 'dominators',
    title: 'What keeps an object, or is kept by it',
    description:
      '`up`: objects without which this one would be freed, the nearest first. `down`: objects that would be freed with it, the heaviest first.',
    input: asked(6).extend({ direction: z.enum(['up', 'down']).default('up') }),
    output: z.object({ objects: z.array(shape.object), ...shape.end }),
    run: async ({ file, id, direction, ...page }, ask) => {
      const list = askedList(desk, { tool: 'dominators', files: [file], about: [id, direction] }, page);
      const objects = await list.from(ask, (snapshot, part) =>
        direction === 'up' ? snapshot.dominators(id, part, ask) : snapshot.dominated(id, part, ask),
      );
      return { objects: objects.rows.map((object) => tellObject(desk, object)), ...list.end(objects) };
    },
  });
}

function addRetainedSetTool(server: McpServer, desk: Desk): void {
  addTool(server, {
    name: 'retained_set',
    title: 'What would be freed with an object',
    description: 'Everything that would be freed with an object, by class, the heaviest first.',
    input: asked(8),
    output: z.object({
      objects: shape.count,
      bytes: shape.count,
      classes: z.array(
        z.object({ type: z.string(), objects: shape.count, shallowBytes: shape.count, sampleId: shape.count }),
      ),
      ...shape.end,
    }),
    run: async ({ file, id, ...page }, ask) => {
      const list = askedList(desk, { tool: 'retained_set', files: [file], about: id }, page);
      const set = await list.from(ask, (snapshot, part) => snapshot.retainedSet(id, part, ask));
      return {
        objects: set.objects,
        bytes: Math.round(set.bytes),
        classes: set.classes.rows,
        ...list.end(set.classes),
      };
    },
  });
}
