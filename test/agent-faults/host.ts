/** A server with the agent in it: its program, requests to it, and what its agent tells and records. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, type ProcessRecord } from '@ebb/agent';
import { vi } from 'vitest';
import type { OtlpReceiver } from '../nodes/otlp-receiver.ts';
import { isAnswered } from '../nodes/is-answered.ts';

/** So many requests are sent each time. */
export const requestsEach = 100;

/** Serves, and ends by itself when its standard input does. Its clock can be made to jump by a request. */
export const program = `
const http = require('node:http');
const server = http.createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
process.stdin.resume().on('end', () => { server.close(); server.closeAllConnections(); });
`;

/** One that runs. */
export interface Host {
  child: ChildProcess;
  directory: string;
  /** Where the host's last minutes are recorded. */
  records: string;
  receiver: OtlpReceiver;
  /** Waits for text on the host's standard output. */
  printed: (text: RegExp) => Promise<string>;
}

/** Sends it requests, one after the other; how many were answered. */
export async function serve(port: number): Promise<number> {
  let answered = 0;
  for (let i = 0; i < requestsEach; i++) if (await isAnswered(port, '/things/1')) answered += 1;
  return answered;
}

/** Waits for its next export. */
export async function more({ receiver }: Host): Promise<void> {
  const count = receiver.exports.length;
  await receiver.until(() => receiver.exports.length > count);
}

/** What can be read of the host's records, when there is what is wanted. */
export async function recorded(records: string, wanted: (all: ProcessRecord[]) => boolean): Promise<ProcessRecord[]> {
  return await vi.waitUntil(
    () => {
      const all = existsSync(records) ? readdirSync(records).flatMap((file) => read(join(records, file)) ?? []) : [];
      return wanted(all) ? all : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Null for one that has just been removed, too. */
function read(file: string): ProcessRecord | null {
  try {
    return readRecord(file);
  } catch {
    return null;
  }
}

/** The numbers of the processes whose parent a process is. */
export function childrenOf(pid: number | undefined): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** Starts a program with a disk of a megabyte of its own for its records; `then` is done there first. */
export function onOwnDisk(then: string): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const mount = 'mkdir "$EBB_RECORD_DIR" && mount -t tmpfs -o size=1m,mode=0700 none "$EBB_RECORD_DIR"';
  return ['unshare', ...asRoot, '--mount', 'sh', '-c', `${mount}; ${then}; exec "$0" "$@"`];
}

/** Where the records of a host are whose disk is its own. */
export const asSeenBy = ({ child, records }: Host): string => `/proc/${String(child.pid)}/root${records}`;
