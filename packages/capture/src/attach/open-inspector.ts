/**
 * Opens the inspector of a process, or uses the one that is open, and makes sure that it is that process's.
 */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError } from '../error.ts';
import { holderOf, listeningSockets, socketsOf, type ListeningSocket } from './listening.ts';
import { recordOf } from './protocol.ts';
import { isStillThere, requireSignalHandled, sharesNamespace, type TargetProcess } from './target-process.ts';

/** Where an inspector listens. */
export interface InspectorPlace {
  host: string;
  port: number;
  /** The path of its WebSocket. */
  path: string;
  /** Whether it was opened for this, and so has to be closed again. */
  openedHere: boolean;
}

/** How it is opened. */
export interface OpenOptions {
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** Where Node.js puts the inspector unless it is told otherwise. */
const defaultPlace = { host: '127.0.0.1', port: 9229 };

/** How long one question over HTTP may take: a thread of its own answers in the process, whatever else it does. */
const probeMs = 2000;

/**
 * @throws {CaptureError} EBB_CAPTURE_OTHER_NETWORK, EBB_CAPTURE_PORT_TAKEN, EBB_CAPTURE_NO_SIGNAL before a signal was
 *   sent; EBB_CAPTURE_PORT_TAKEN, EBB_CAPTURE_NO_INSPECTOR, EBB_CAPTURE_NO_PROCESS after it
 */
export async function openInspector(target: TargetProcess, options: OpenOptions): Promise<InspectorPlace> {
  const { pid } = target;
  requireSameNetwork(pid);
  const configured = inspectorPlaceOf(target);
  const before = ownSockets(pid);
  // One that was opened before: by --inspect, by inspector.open(), or by another debugger.
  const open = await firstInspector(before.own.filter(({ port }) => port === configured.port));
  if (open !== null) return { ...open, openedHere: false };
  const taken = before.others.find((socket) => collides(socket, configured));
  if (taken !== undefined) throw portTaken(pid, taken, 'No signal was sent.');

  requireSignalHandled(pid);
  sendSignal(target);
  const known = new Set(before.own.map(({ inode }) => inode));
  const deadline = performance.now() + options.timeoutMs;
  do {
    options.signal?.throwIfAborted();
    if (!isStillThere(target)) {
      throw new CaptureError(
        'EBB_CAPTURE_NO_PROCESS',
        `Process ${pid} ended just when its inspector was to be opened.`,
      );
    }
    const found = await firstInspector(ownSockets(pid).own.filter(({ inode }) => !known.has(inode)));
    if (found !== null) return { ...found, openedHere: true };
    await sleep(20);
  } while (performance.now() < deadline);
  return await explainSilence(target, configured, before.own, options.timeoutMs);
}

/** Whether the inspector is closed: nothing of the process listens there. */
export function isClosed(pid: number, { port }: InspectorPlace): boolean {
  return !ownSockets(pid).own.some((socket) => socket.port === port);
}

/** The place that the flags of Node.js ask for: `--inspect-port=[host:]port` and its relatives, the last one. */
export function inspectorPlaceOf({ commandLine, nodeOptions }: Pick<TargetProcess, 'commandLine' | 'nodeOptions'>): {
  host: string;
  port: number;
} {
  const place = { ...defaultPlace };
  const args = [...nodeOptions.split(/\s+/), ...commandLine.slice(1)];
  for (const [at, arg] of args.entries()) {
    const flag = /^--(?:inspect|inspect-brk|inspect-wait|inspect-port|debug-port)(?:=(.*))?$/.exec(arg);
    if (flag === null) continue;
    const value = flag[1] ?? (arg.endsWith('-port') ? (args[at + 1] ?? '') : '');
    const port = /^(?:(.*):)?(\d+)$/.exec(value);
    if (port !== null) place.port = Number(port[2]);
    const host = port === null ? value : port[1];
    if (host !== undefined && host !== '') place.host = host.replace(/^\[(.*)\]$/, '$1');
  }
  return place;
}

/** What the process holds, and what others do. */
function ownSockets(pid: number): { own: ListeningSocket[]; others: ListeningSocket[] } {
  const held = socketsOf(pid);
  const all = listeningSockets(pid);
  return { own: all.filter(({ inode }) => held.has(inode)), others: all.filter(({ inode }) => !held.has(inode)) };
}

function requireSameNetwork(pid: number): void {
  if (sharesNamespace(pid, 'net') !== false) return;
  throw new CaptureError(
    'EBB_CAPTURE_OTHER_NETWORK',
    `Process ${pid} has a network of its own (a container), and its inspector would listen inside of it only. No signal was sent. ` +
      `Run Ebb in that network: \`nsenter --target ${pid} --net ebb …\`, docker's \`--network container:NAME\`, or \`kubectl debug --target\`.`,
  );
}

function sendSignal({ pid }: TargetProcess): void {
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') {
      throw new CaptureError('EBB_CAPTURE_NO_PROCESS', `Process ${pid} has just ended.`, { cause });
    }
    throw new CaptureError(
      'EBB_CAPTURE_NOT_YOURS',
      `This user may not send signals to process ${pid}. Run Ebb as the user of that process, or as root.`,
      { cause },
    );
  }
}

/** Another socket that keeps Node.js from listening. `::` takes IPv4's ports along, unless it was told not to: too unsure to count. */
function collides({ address, port }: ListeningSocket, configured: { host: string; port: number }): boolean {
  return configured.port !== 0 && port === configured.port && (address === configured.host || address === '0.0.0.0');
}

async function explainSilence(
  target: TargetProcess,
  configured: { port: number },
  before: ListeningSocket[],
  timeoutMs: number,
): Promise<InspectorPlace> {
  const { pid } = target;
  const taken = ownSockets(pid).others.find(({ port }) => port === configured.port);
  if (taken !== undefined) throw portTaken(pid, taken, 'A line on the standard error of that process says so, too.');
  // The program may have opened it somewhere else. Only loopback is asked: that is where an inspector belongs.
  const open = await firstInspector(before.filter(({ address }) => address.startsWith('127.') || address === '::1'));
  if (open !== null) return { ...open, openedHere: false };
  throw new CaptureError(
    'EBB_CAPTURE_NO_INSPECTOR',
    `Process ${pid} got SIGUSR1, and opened no inspector within ${timeoutMs / 1000} s. The usual reason is that the program has a handler of its own for SIGUSR1, which has then been run; ` +
      'or that its main thread waits outside of JavaScript: then the inspector opens when it is free again, and stays open. Start it with --inspect, or under `ebb watch`.',
  );
}

function portTaken(pid: number, { address, port, inode }: ListeningSocket, more: string): CaptureError {
  const holder = holderOf(inode);
  return new CaptureError(
    'EBB_CAPTURE_PORT_TAKEN',
    `Process ${pid} would open its inspector on port ${port}, and ${holder === null ? 'another process' : `process ${holder}`} listens on ${address}:${port}. ${more} ` +
      'End what listens there (another debugger?), and try again.',
  );
}

/** The first of these sockets that an inspector of Node.js answers on. */
async function firstInspector(sockets: readonly ListeningSocket[]): Promise<Omit<InspectorPlace, 'openedHere'> | null> {
  for (const { address, port } of sockets) {
    const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
    const browser = recordOf(await getJson(host, port, '/json/version'))['Browser'];
    if (typeof browser !== 'string' || !browser.startsWith('node.js/')) continue;
    const list = await getJson(host, port, '/json/list');
    const url = Array.isArray(list) ? recordOf(list[0])['webSocketDebuggerUrl'] : undefined;
    const path = typeof url === 'string' ? /^ws:\/\/[^/]+(\/.*)$/.exec(url)?.[1] : undefined;
    if (path !== undefined) return { host, port, path };
  }
  return null;
}

/** Null for anything that is not JSON within the bounds: this may be any server. */
async function getJson(host: string, port: number, path: string): Promise<unknown> {
  return await new Promise((resolve) => {
    const asked = get({ host, port, path, agent: false, signal: AbortSignal.timeout(probeMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > 65_536) asked.destroy();
      });
      response.on('error', () => resolve(null));
      response.on('close', () => {
        try {
          resolve(JSON.parse(text));
        } catch {
          resolve(null);
        }
      });
    });
    asked.on('error', () => resolve(null));
  });
}
