/** Programs that take snapshots of themselves, and tell how it went; for the tests of `@ebb/capture` in this folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What every program begins with: 1234 sessions that a snapshot must have, the file to take it into, and what must not
 * stay. It ends by `tell()`, which prints what was put into `told`.
 */
const prelude = `
import { createServer, connect } from 'node:net';
import { chmodSync, existsSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { captureSnapshot } from '${new URL('../../packages/capture/dist/index.js', import.meta.url).href}';

const folder = join(process.argv[2], String(process.pid));
mkdirSync(folder);
const file = join(folder, 'a.heapsnapshot');
class Session { constructor(id) { this.id = id; } }
globalThis.sessions = new Map(Array.from({ length: 1234 }, (_, id) => ['key ' + id, new Session(id)]));
/** The children of this process, by the kernel's own account. */
const children = () => readdirSync('/proc/self/task').flatMap((tid) => {
  try { return readFileSync('/proc/self/task/' + tid + '/children', 'utf8').split(' ').filter(Boolean).map(Number); } catch { return []; }
});
const left = () => ({ descriptors: readdirSync('/proc/self/fd').length, children: children().length, files: existsSync(folder) ? readdirSync(folder) : [] });
/** Reads a snapshot as JSON.parse does, and looks for the sessions in it. */
const hasAllSessions = (text) => {
  const { snapshot, nodes, edges, strings } = JSON.parse(text);
  const { node_fields, edge_fields } = snapshot.meta;
  if (nodes.length !== snapshot.node_count * node_fields.length) throw new Error('nodes are missing');
  if (edges.length !== snapshot.edge_count * edge_fields.length) throw new Error('edges are missing');
  let count = 0;
  for (let at = node_fields.indexOf('name'); at < nodes.length; at += node_fields.length) if (strings[nodes[at]] === 'Session') count++;
  // The class, its prototype and its name are called so too.
  return count >= 1234;
};
/** Does something to a child as soon as one is there; the first so many of them. */
const toChildren = (most, act) => {
  const seen = new Set();
  const timer = setInterval(() => {
    for (const pid of children()) if (!seen.has(pid) && seen.size < most) { seen.add(pid); act(pid); }
  }, 5);
  return () => clearInterval(timer);
};
const outcomeOf = (run) => run.then(
  ({ attempts, method }) => ({ method, outcomes: attempts.map(({ outcome }) => outcome) }),
  ({ name, code }) => ({ name, code }));
const told = {};
const tell = () => { console.log(JSON.stringify(told)); process.exit(); };
`;

/** For a program that does much, on a machine that has much else to do. */
export const patienceMs = 110_000;

/** A folder for programs and what they write. Call `remove` at the end. */
export interface ProgramFolder {
  path: string;
  /** Writes a program, after the prelude, and returns its file. */
  write(text: string): string;
  /** Runs a program to its end, and returns what it told. `shell` comes before it, in the same process. */
  run(node: string, text: string, shell?: string): Record<string, unknown>;
  remove(): void;
}

export function makeProgramFolder(): ProgramFolder {
  const path = mkdtempSync(join(tmpdir(), 'ebb-capture-'));
  let programs = 0;
  const write = (text: string): string => {
    const program = join(path, `program-${++programs}.mjs`);
    writeFileSync(program, prelude + text);
    return program;
  };
  return {
    path,
    write,
    run: (node, text, shell) => {
      const command = shell === undefined ? [node] : ['/bin/sh', '-c', `${shell}; exec "$0" "$@"`, node];
      const [first, ...rest] = [...command, write(text), path];
      // A program that waits for what does not come blocks vitest's own watchdog, too.
      const options = {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '' },
        maxBuffer: 1 << 26,
        timeout: patienceMs,
      } as const;
      return JSON.parse(execFileSync(first, rest, options)) as Record<string, unknown>;
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
