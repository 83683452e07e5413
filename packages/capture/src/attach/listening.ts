/** Which TCP ports a process listens on, from `/proc`. */
import { readdirSync, readlinkSync } from 'node:fs';
import { readText } from '../read-text.ts';

/** A socket that waits for connections. */
export interface ListeningSocket {
  address: string;
  port: number;
  inode: string;
}

/** All listening TCP sockets in the network of a process, whoever holds them. */
export function listeningSockets(pid: number): ListeningSocket[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    (readText(`/proc/${pid}/net/${table}`) ?? '').split('\n').slice(1).flatMap(listeningOf),
  );
}

/** The inodes of the sockets that a process holds; none when it does not let itself be looked at. */
export function socketsOf(pid: number): Set<string> {
  const inodes = new Set<string>();
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return inodes;
  }
  for (const descriptor of descriptors) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed since it was listed.
    }
  }
  return inodes;
}

/** The process that holds a socket, among those that this user can see into; null when none is found. */
export function holderOf(inode: string): number | null {
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry) && socketsOf(Number(entry)).has(inode)) return Number(entry);
  }
  return null;
}

/** One line: `sl local_address rem_address st … inode`, with state 0A for listening. */
function listeningOf(line: string): ListeningSocket[] {
  const fields = line.trim().split(/\s+/);
  const [hex = '', port = ''] = (fields[1] ?? '').split(':');
  const inode = fields[9];
  if (fields[3] !== '0A' || inode === undefined) return [];
  return [{ address: addressOf(hex), port: Number.parseInt(port, 16), inode }];
}

/** The kernel prints addresses in words of the machine's byte order: little-endian wherever Node.js runs on Linux but s390x. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return [...bytes.subarray(12)].join('.');
  if (groups.every((group) => group === 0)) return '::';
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return '::1';
  return groups.map((group) => group.toString(16)).join(':');
}
