/** Where a process listens, as Linux tells it (proc(5), /proc/net/tcp). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `st` of a socket that listens: TCP_LISTEN of the kernel's tcp_states.h. */
const LISTENS = '0A';

/** TCP ports that a process listens on, in ascending order; none where they cannot be known. */
export function listeningPorts(pid: number): number[] {
  try {
    const sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => inodeOf(`/proc/${pid}/fd/${descriptor}`)),
    );
    const rows = ['tcp', 'tcp6'].flatMap((table) => rowsOf(`/proc/${pid}/net/${table}`));
    const ports = rows.filter(({ state, inode }) => state === LISTENS && sockets.has(inode)).map(({ port }) => port);
    return [...new Set(ports)].sort((a, b) => a - b);
  } catch {
    return [];
  }
}

function inodeOf(link: string): string[] {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
    return inode === undefined ? [] : [inode];
  } catch {
    return []; // closed meanwhile
  }
}

function rowsOf(file: string): { port: number; state: string; inode: string }[] {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((cells) => cells.length >= 10)
      .map((cells) => ({
        port: Number.parseInt(cells[1]?.split(':')[1] ?? '', 16),
        state: cells[3] ?? '',
        inode: cells[9] ?? '',
      }));
  } catch {
    return []; // without IPv6 there is no tcp6
  }
}
