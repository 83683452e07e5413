/**
 * What the kernel tells of a process before anything is sent to it: whether it is there, whose it is, whether it is
 * Node.js, and whether the signal that opens the inspector would kill it.
 */
import { closeSync, openSync, readlinkSync, readSync, statSync } from 'node:fs';
import { CaptureError } from '../error.ts';
import { readText } from '../read-text.ts';

/** A Node.js process that may be attached to. */
export interface TargetProcess {
  pid: number;
  /** Its number in its own PID namespace, as `process.pid` says it there. */
  innerPid: number;
  /** Clock ticks from the boot of the machine to its start: with its number, who it is. */
  startTicks: string;
  /** Its effective user and group. */
  uid: number;
  gid: number;
  commandLine: readonly string[];
  nodeOptions: string;
}

/** Bit of SIGUSR1 in the masks of `/proc/PID/status`. */
const userSignal1 = 1n << 9n;

/** `node::Start(int, char**)`: exported by every Node.js, whatever its file is called, and by no other runtime. */
const startOfNode = Buffer.from('_ZN4node5StartEiPPc');

/**
 * Looks at the process, and refuses what must not be touched. Sends nothing.
 *
 * It is Node.js when the file that it executes, or a `libnode.so` that it has loaded, holds the name of
 * `node::Start(int, char**)`. Names of files and processes decide nothing.
 *
 * @throws {CaptureError} EBB_CAPTURE_NO_PROCESS, EBB_CAPTURE_NOT_YOURS, EBB_CAPTURE_NOT_NODE
 */
export function lookAtProcess(pid: number): TargetProcess {
  if (process.platform !== 'linux') {
    throw new CaptureError(
      'EBB_CAPTURE_UNSUPPORTED',
      `Attaching to a process is for Linux, and this is ${process.platform}.`,
    );
  }
  const status = requireStatus(pid);
  const [, uid = -1] = numbers(status, 'Uid');
  const [, gid = -1] = numbers(status, 'Gid');
  requireOwn(pid, status);
  requireNode(pid, status);
  return {
    pid,
    innerPid: numbers(status, 'NSpid').at(-1) ?? pid,
    startTicks: startTicksOf(readText(`/proc/${pid}/stat`) ?? '') ?? '',
    uid,
    gid,
    commandLine: (readText(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1),
    nodeOptions: /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(readText(`/proc/${pid}/environ`) ?? '')?.[1] ?? '',
  };
}

/**
 * @throws {CaptureError} EBB_CAPTURE_NO_SIGNAL when SIGUSR1 would kill the process, EBB_CAPTURE_NO_PROCESS when it is
 *   gone or does not run
 */
export function requireSignalHandled(pid: number): void {
  const status = requireStatus(pid);
  const mask = (name: string): bigint => BigInt(`0x${field(status, name) || '0'}`);
  if ((mask('SigCgt') & userSignal1) !== 0n) return;
  throw new CaptureError(
    'EBB_CAPTURE_NO_SIGNAL',
    `Process ${pid} does not catch SIGUSR1, so that the signal would ${(mask('SigIgn') & userSignal1) !== 0n ? 'do nothing' : 'kill it'}; ` +
      'it was not sent. A process that has just started is not ready for it yet: try again. One that was started with ' +
      '--disable-sigusr1 has to be started with --inspect, or under `ebb watch`.',
  );
}

/** Whether a process is still the one that was looked at. */
export function isStillThere({ pid, startTicks }: TargetProcess): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return stat !== null && startTicksOf(stat) === startTicks && !/\) [ZX] /.test(stat);
}

/** The 22nd field of `/proc/PID/stat`; the second is in brackets and may hold anything. */
function startTicksOf(stat: string): string | null {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** Whether the process has the same namespace as this one; null when that cannot be seen. */
export function sharesNamespace(pid: number, kind: 'net' | 'mnt' | 'cgroup'): boolean | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return null;
  }
}

/** Whether a path leads to the same file or folder for the process as for this one. */
export function seesSame(pid: number, path: string): boolean {
  try {
    const [here, there] = [statSync(path), statSync(`/proc/${pid}/root${path}`)];
    return here.dev === there.dev && here.ino === there.ino;
  } catch {
    return false;
  }
}

function requireStatus(pid: number): string {
  const status = Number.isInteger(pid) && pid > 0 ? readText(`/proc/${pid}/status`) : null;
  const no = (what: string): CaptureError => new CaptureError('EBB_CAPTURE_NO_PROCESS', what);
  if (status === null) {
    throw no(`There is no process ${pid} here. \`ps ax\` lists them; from inside a container only its own are seen.`);
  }
  const group = Number(field(status, 'Tgid'));
  if (group !== pid) throw no(`${pid} is a thread of process ${group}. Name the process.`);
  const state = field(status, 'State');
  if (/^[ZX]/.test(state)) throw no(`Process ${pid} has ended, and only waits for its parent to notice.`);
  if (/^[Tt]/.test(state))
    throw no(`Process ${pid} is stopped (${state}). Let it go on, with \`kill -CONT ${pid}\` or in its debugger.`);
  if (pid === process.pid) throw no(`${pid} is Ebb's own process.`);
  return status;
}

function requireOwn(pid: number, status: string): void {
  const own = process.geteuid?.() ?? -1;
  const uids = numbers(status, 'Uid');
  if (own === 0 || uids.every((uid) => uid === own)) return;
  throw new CaptureError(
    'EBB_CAPTURE_NOT_YOURS',
    `Process ${pid} (${field(status, 'Name')}) belongs to user ${uids[1] ?? '?'}, and this is user ${own}. ` +
      'Run Ebb as that user, or as root.',
  );
}

function requireNode(pid: number, status: string): void {
  const name = field(status, 'Name');
  let file: number;
  try {
    file = openSync(`/proc/${pid}/exe`, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CaptureError(
        'EBB_CAPTURE_NOT_YOURS',
        `Process ${pid} (${name}) does not let this user look at it, though it is the same user's: it has more rights, or is closed to debuggers. ` +
          'Run Ebb as root; in a container, with the capability SYS_PTRACE.',
        { cause },
      );
    }
    throw notNode(pid, name);
  }
  try {
    if (holds(file, startOfNode)) return;
  } finally {
    closeSync(file);
  }
  // Some distributions keep Node.js in a library beside a small program.
  if (/\/libnode\.so[.\d]*$/m.test(readText(`/proc/${pid}/maps`) ?? '')) return;
  throw notNode(pid, name);
}

function notNode(pid: number, name: string): CaptureError {
  return new CaptureError(
    'EBB_CAPTURE_NOT_NODE',
    `Process ${pid} (${name}) is not Node.js. Name the process that runs it: npm, a shell or a supervisor often stands above it.`,
  );
}

/** Searches a file in pieces, so that a hundred megabytes need one. */
function holds(file: number, what: Buffer): boolean {
  const piece = Buffer.allocUnsafe(1 << 20);
  let kept = 0;
  for (;;) {
    const read = readSync(file, piece, kept, piece.length - kept, null);
    if (read === 0) return false;
    const held = piece.subarray(0, kept + read);
    if (held.includes(what)) return true;
    kept = Math.min(held.length, what.length - 1);
    held.copy(piece, 0, held.length - kept);
  }
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}

function numbers(status: string, name: string): number[] {
  return field(status, name).split(/\s+/).filter(Boolean).map(Number);
}
