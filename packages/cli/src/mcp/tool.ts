/** What a tool of the server is, and how its answer or its error reaches the client. */
import type { AnalyzeProgress } from '@ebb/heap';
import type { CallToolResult, McpServer, ServerContext, ToolCallback } from '@modelcontextprotocol/server';
import { basename } from 'node:path';
import type { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import { CLI_ERRORS } from '../errors/registry.ts';
import { printable } from '../wording/printable.ts';

/** How a tool's work is watched and called off. */
export interface Ask {
  signal: AbortSignal;
  onProgress: (progress: AnalyzeProgress) => void;
}

/** A tool: what it takes, what it answers, what it does. All of them only read. */
export interface Tool<Input extends z.ZodObject, Output extends z.ZodObject> {
  name: string;
  title: string;
  description: string;
  input: Input;
  output: Output;
  run: (input: z.output<Input>, ask: Ask) => Promise<z.input<Output>>;
}

/** Offers a tool. */
export function addTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  server: McpServer,
  tool: Tool<Input, Output>,
): void {
  const { name, title, description, input, output, run } = tool;
  const answer = async (args: z.output<Input>, context: ServerContext): Promise<CallToolResult> => {
    try {
      const told = clean(await run(args, { signal: context.mcpReq.signal, onProgress: progressOf(context) }));
      return { content: [{ type: 'text', text: JSON.stringify(told) }], structuredContent: told };
    } catch (error) {
      // Nobody waits for what was called off, and the SDK drops it.
      if (context.mcpReq.signal.aborted) return { content: [], isError: true };
      return { content: [{ type: 'text', text: errorText(error) }], isError: true };
    }
  };
  const annotations = { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
  const config = { title, description, inputSchema: input, outputSchema: output, annotations };
  server.registerTool<Output, Input>(name, config, answer as ToolCallback<Input>);
}

/** What stands in an error's text: what happened, the code, and what to do. */
function errorText(error: unknown): string {
  if (error instanceof CliError) return printable(`${error.message} (${error.code}). Next: ${error.next}.`);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('EBB_')) {
    const next = NEXT[error.code];
    return printable(`${error.message} (${error.code})${next === undefined ? '' : `. Next: ${next}.`}`);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${printable(stack, { newlines: true })}\n`);
  return `Ebb itself failed; the reason is on its standard error (EBB_CLI_INTERNAL). Next: ${CLI_ERRORS.EBB_CLI_INTERNAL.next}.`;
}

/** What a client can do about errors of the analyser whose message does not say it. */
const NEXT: Readonly<Record<string, string>> = {
  EBB_HEAP_FILE_NOT_FOUND: 'the tool `snapshots` lists the snapshots that there are',
  EBB_HEAP_NOT_A_SNAPSHOT: 'the tool `snapshots` lists the snapshots that there are',
  EBB_HEAP_UNKNOWN_OBJECT: 'take an id from an answer about this very file; `find` and `objects` tell ids',
  EBB_HEAP_WORKER_FAILED: 'ask again; where memory is short, start `ebb mcp` with a smaller --memory',
};

const LONGEST_TEXT = 400;

/** Names come from the program and its data: what could steer a terminal or hide is escaped, what is very long is cut. */
function clean<Value>(value: Value): Value {
  if (typeof value === 'string') {
    const text = printable(value.replaceAll('\t', '  '));
    return (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text) as Value;
  }
  if (Array.isArray(value)) return value.map(clean) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, clean(part)])) as Value;
}

/** Milliseconds between two notifications. */
const PROGRESS_PACE_MS = 100;

/** Tells the client how far the work is, where it asked to be told. */
function progressOf({ mcpReq }: ServerContext): Ask['onProgress'] {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let told = 0;
  let toldAtMs = -Infinity;
  let phaseTold = '';
  return ({ phase, file, fraction }) => {
    const nowMs = performance.now();
    if (mcpReq.signal.aborted || (phaseTold === phase + file && nowMs - toldAtMs < PROGRESS_PACE_MS)) return;
    [phaseTold, toldAtMs] = [phase + file, nowMs];
    const message = printable(
      `${phase} ${basename(file)}${fraction > 0 ? ` ${String(Math.round(fraction * 100))} %` : ''}`,
    );
    void mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken, progress: ++told, message } })
      .catch(() => undefined); // A client that has gone hears no more.
  };
}
