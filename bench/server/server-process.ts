// `ebb up` in a process of its own, as users start it, and what the kernel says of it and of its database.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/cli/bin/ebb.js', import.meta.url));

/** A server that runs. */
export interface ServerProcess {
  child: ChildProcess;
  pid: number;
  url: string;
  port: number;
  /** Given at the first start only. */
  admin: string | undefined;
  agents: string | undefined;
  /** From the start of the process until it listened. */
  startMs: number;
  cpuSeconds(): number;
  rssMb(): number;
  peakRssMb(): number;
  stop(): Promise<void>;
}

/** Starts it. `place` is where the data is: `--data FOLDER` or `--database URL`; `flags` are for Node.js. */
export async function startServerProcess(
  place: readonly string[],
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...flags, bin, 'up', '--port', '0', ...place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    const [, name = '', value = ''] = /^(\w+) +(\S+)$/.exec(line) ?? [];
    told[name] = value;
    if (name === 'listening') break;
  }
  const startMs = performance.now() - startedMs;
  const { pid } = child;
  const url = told['listening'];
  if (pid === undefined || url === undefined) throw new Error('the server did not start');
  const kilobytes = (field: string): number =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return {
    child,
    pid,
    url,
    port: Number(new URL(url).port),
    admin: told['admin'],
    agents: told['agents'],
    startMs,
    cpuSeconds: () => cpuSecondsOf(pid),
    rssMb: () => kilobytes('VmRSS') / 1e3,
    peakRssMb: () => kilobytes('VmHWM') / 1e3,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** CPU seconds of all processes that work in a folder, as those of a PostgreSQL cluster do, with those that have ended. */
export function cpuSecondsIn(folder: string): number {
  let seconds = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readlinkSync(`/proc/${name}/cwd`) === folder) seconds += cpuSecondsOf(Number(name), true);
    } catch {
      // It has ended, or is not ours.
    }
  }
  return seconds;
}

/** Of the process; with `reaped`, of its children that have ended, too. */
function cpuSecondsOf(pid: number, reaped = false): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = fields.slice(11, reaped ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
  return ticks / 100;
}
