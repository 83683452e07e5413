/** `snapshots` and `analyze`: what there is, and what leaks. */
import { analyzeSnapshots, type Finding, HeapError } from '@ebb/heap';
import type { McpServer } from '@modelcontextprotocol/server';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type Desk, shape, tellPlace, tellStops } from './desk.ts';
import { addTool } from './tool.ts';

const MOST_LISTED = 30;

/** Offers the tool `snapshots`. */
export function addSnapshotsTool(server: McpServer, { root }: Desk): void {
  addTool(server, {
    name: 'snapshots',
    title: 'List heap snapshots',
    description: 'Heap snapshot files below the root, the oldest first: the order in which `analyze` takes them.',
    input: z.object({}),
    output: z.object({
      snapshots: z.array(z.object({ file: z.string(), fileBytes: shape.count, writtenAt: z.string() })),
      total: shape.count,
    }),
    run() {
      const found = root.snapshots();
      const listed = found.slice(-MOST_LISTED);
      const snapshots = listed.map(({ file, fileBytes, writtenAt }) => {
        return { file, fileBytes, writtenAt: writtenAt.toISOString().slice(0, 19) };
      });
      return Promise.resolve({ snapshots, total: found.length });
    },
  });
}

const findingShape = z.object({
  title: z.string(),
  verdict: z.string(),
  kind: z.string(),
  why: z.string(),
  retainedBytes: shape.count,
  growthBytes: z.int().optional(),
  growthCount: z.int().optional(),
  holder: shape.place.partial().extend({ id: shape.count.optional(), name: z.string(), type: z.string() }),
  insertedAt: shape.place.optional(),
  removedAt: z.array(shape.place).optional(),
  path: z.array(shape.stop),
  sample: z.object({ type: z.string(), count: shape.count }),
  package: z.string().optional(),
  reachedFrom: shape.place.optional(),
  fingerprint: z.string(),
});

/** Offers the tool `analyze`. */
export function addAnalyzeTool(server: McpServer, desk: Desk): void {
  const { root, open, sourceMaps } = desk;
  // Each takes several times the memory of its largest file: one at a time.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  addTool(server, {
    name: 'analyze',
    title: 'Find what leaks',
    description:
      'What leaks, where it is held and the line that adds to it, from snapshots of one process, oldest first. Three prove a leak, two show growth, one shows what dominates. Start here.',
    input: z.object({
      files: z.array(z.string().min(1)).min(1).max(20).describe('snapshot files of one process, oldest first'),
      limit: z.int().min(1).max(10).default(3).describe('findings to tell'),
    }),
    output: z.object({
      verdict: z.enum(['leak', 'suspect', 'bounded', 'clean']),
      findings: z.array(findingShape),
      moreFindings: shape.count,
      file: z.string().describe('the snapshot that ids belong to'),
      lost: z
        .array(z.object({ file: z.string(), what: z.array(z.string()) }))
        .optional()
        .describe('what cut-off files had lost: all else is told without it'),
    }),
    async run({ files, limit }, ask) {
      const paths = files.map((file) => root.resolve(file));
      for (const path of paths) {
        if (!existsSync(path)) throw new HeapError('EBB_HEAP_FILE_NOT_FOUND', `There is no file ${root.shown(path)}`);
        open.checkSize(path);
      }
      const maps = sourceMaps === undefined ? {} : { sourceMaps };
      const report = await inTurn(() => analyzeSnapshots(paths, { cwd: root.folder, ...maps, ...ask }));
      const lost = report.snapshots.flatMap(({ lost: what }, at) =>
        what === undefined ? [] : [{ file: root.shown(paths[at] ?? ''), what }],
      );
      return {
        verdict: report.verdict,
        findings: report.findings.slice(0, limit).map((finding) => tellFinding(desk, finding)),
        moreFindings: Math.max(0, report.findings.length - limit),
        file: root.shown(paths.at(-1) ?? ''),
        ...(lost.length > 0 ? { lost } : {}),
      };
    },
  });
}

const MOST_REMOVALS = 3;

function tellFinding(desk: Desk, finding: Finding): z.input<typeof findingShape> {
  const { holder, path, sample, growthBytes, growthCount, removedAt } = finding;
  // What stands below what piled up says little more about the leak.
  const holderAt = path.findIndex(({ nodeId }) => nodeId !== undefined && nodeId === holder.nodeId);
  const shown = holderAt < 0 ? path : path.slice(0, holderAt + 3);
  return {
    title: finding.title,
    verdict: finding.verdict,
    kind: finding.kind,
    why: finding.reason,
    retainedBytes: Math.round(finding.retainedBytes),
    ...(growthBytes === undefined ? {} : { growthBytes: Math.round(growthBytes) }),
    ...(growthCount === undefined ? {} : { growthCount: Math.round(growthCount) }),
    holder: {
      ...(holder.nodeId === undefined ? {} : { id: holder.nodeId }),
      name: holder.name,
      type: holder.type,
      ...(holder.location === null ? {} : desk.lines.place(holder.location)),
    },
    ...tellPlace(desk, 'insertedAt', finding.insertedAt),
    ...(removedAt === null ? {} : { removedAt: removedAt.slice(0, MOST_REMOVALS).map((at) => desk.lines.place(at)) }),
    path: tellStops(
      desk,
      shown.map(({ nodeId, ...place }) => ({ ...place, id: nodeId })),
    ),
    sample: { type: sample.type, count: Math.round(sample.count) },
    ...(finding.package === undefined ? {} : { package: finding.package }),
    ...tellPlace(desk, 'reachedFrom', finding.reachedFrom),
    fingerprint: finding.fingerprint,
  };
}
