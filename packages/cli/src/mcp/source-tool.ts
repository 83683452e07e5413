/** `source`: lines of code that a snapshot refers to. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import { cut } from './code-lines.ts';
import { argument, type Desk, shape } from './desk.ts';
import { addTool } from './tool.ts';

/** Offers the tool. */
export function addSourceTool(server: McpServer, { root, open, lines }: Desk): void {
  addTool(server, {
    name: 'source',
    title: 'Read source lines',
    description:
      'Lines around a place that another answer named (`at`). Only code that the snapshot refers to, below the root.',
    input: z.object({
      file: argument.file,
      at: z.string().min(1).describe('path:line from another answer, as src/sessions.ts:12'),
      before: z.int().min(0).max(60).default(6),
      after: z.int().min(0).max(60).default(10),
    }),
    output: z.object({ at: z.string(), firstLine: shape.count, lines: z.array(z.string()) }),
    run: async ({ file, at, before, after }, ask) => {
      const [, path, number] = /^(.+?):(\d{1,7})(?::\d+)?$/u.exec(at) ?? [];
      if (path === undefined || number === undefined)
        throw new CliError('EBB_CLI_BAD_VALUE', `'${at}' is no place in code`, {
          next: 'give a path and a line, as `at` stands in other answers: src/sessions.ts:12',
        });
      const source = root.resolve(path);
      const snapshotFile = root.resolve(file);
      const known = await open.use(snapshotFile, ask, (snapshot) =>
        snapshot.findByCode({ file: source, limit: 1 }, ask),
      );
      const text = known.files.length > 0 ? lines.lines(source) : undefined;
      if (text === undefined)
        throw new CliError(
          'EBB_CLI_NO_SOURCE',
          `'${path}' is no code that objects in '${file}' come from, or cannot be read`,
        );
      const line = Number(number);
      const firstLine = Math.max(1, Math.min(line, text.length) - before);
      const told = text.slice(firstLine - 1, Math.min(line, text.length) + after);
      return { at: `${root.shown(source)}:${number}`, firstLine, lines: told.map(cut) };
    },
  });
}
