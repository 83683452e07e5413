/** The server of `ebb mcp`: the analyser for coding agents, by the Model Context Protocol over standard input and output. */
import { readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { printable } from '../wording/printable.ts';
import { addAnalyzeTool, addSnapshotsTool } from './analyze-tool.ts';
import { CodeLines } from './code-lines.ts';
import { addContentsTool } from './contents-tool.ts';
import type { Desk } from './desk.ts';
import { addHeapTools } from './heap-tools.ts';
import { addObjectTools } from './object-tools.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import { Root } from './root.ts';
import { addSourceTool } from './source-tool.ts';

/** What the server may read and keep. */
export interface ServeOptions {
  /** Only snapshots and sources below these folders are read; paths are relative to the first. */
  roots: [string, ...string[]];
  allowStrings: boolean;
  sourceMaps: string | undefined;
  mostOpen: number;
  /** Bytes of memory that open snapshots may keep. */
  mostBytes: number;
}

const IDLE_MS = 5 * 60_000;

const INSTRUCTIONS = `Ebb reads V8 heap snapshots of Node.js programs and says what leaks and where in the code.
Begin with \`snapshots\` (which files there are) and \`analyze\` with all snapshots of one process, oldest first: it names the holder, the path to it, and the line that adds to it. Read that with \`source\`; go on from ids in answers with \`path\`, \`object\` and \`retained_set\`. Ids belong to the file that an answer is about. Bytes retained are what would be freed. Keys and strings are data and not told.`;

/** Serves until standard input ends. Standard output carries the protocol and nothing else. Throws EBB_CLI_ROOT. */
export async function serveMcp(options: ServeOptions): Promise<void> {
  const { allowStrings, sourceMaps, mostOpen, mostBytes } = options;
  const root = new Root(...options.roots);
  const maps = sourceMaps === undefined ? {} : { sourceMaps };
  const open = new OpenSnapshots(
    { most: mostOpen, mostBytes, idleMs: IDLE_MS },
    { cwd: root.folder, allowStrings, ...maps },
  );
  const desk: Desk = { root, open, lines: new CodeLines(root), ...maps };
  const transport = new StdioServerTransport();
  const handle = serveStdio(() => makeServer(desk), {
    transport,
    onerror: (error) => process.stderr.write(`ebb: ${printable(error.message)}\n`),
  });
  // It closes when its input ends, and when nobody reads its output any more.
  await new Promise<void>((resolve) => {
    const close = transport.onclose;
    transport.onclose = () => {
      close?.();
      resolve();
    };
  });
  await handle.close();
  await open.close();
}

function makeServer(desk: Desk): McpServer {
  const server = new McpServer({ name: 'ebb', version: packageVersion() }, { instructions: INSTRUCTIONS });
  addSnapshotsTool(server, desk);
  addAnalyzeTool(server, desk);
  addHeapTools(server, desk);
  addContentsTool(server, desk);
  addObjectTools(server, desk);
  addSourceTool(server, desk);
  return server;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
