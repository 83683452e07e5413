/**
 * Attaches to a Node.js process that was started without Ebb, and leaves it as it was found.
 *
 * Looked at first, from outside; then SIGUSR1, which makes Node.js open its inspector on the loopback interface; then the
 * inspector's protocol. The process writes a few lines about it to its standard error, and that cannot be helped.
 */
import { CaptureError } from '../error.ts';
import { calledOff, ProcessLine, type Departure } from './attached-process.ts';
import { identityExpression } from './hold.ts';
import { openInspector, type InspectorPlace } from './open-inspector.ts';
import { openSession, recordOf, type AnswerOptions } from './protocol.ts';
import { takeAttachedSnapshot, type AttachedSnapshot, type AttachedSnapshotOptions } from './take-snapshot.ts';
import { takeAttachedSourceMaps, type AttachedSourceMaps } from './take-source-maps.ts';
import { isStillThere, lookAtProcess, seesSame, type TargetProcess } from './target-process.ts';

/** How to attach. */
export interface AttachOptions {
  /** How long each step may take: opening the inspector, and each answer. Default 10000. */
  timeoutMs?: number;
  /** Calls it off; what was begun is taken back. */
  signal?: AbortSignal;
}

/** A process that Ebb is attached to, until `close`. */
export interface AttachedProcess {
  readonly pid: number;
  /** Whose it is: its effective user and group. */
  readonly uid: number;
  readonly gid: number;
  /** As `process.version` says it there. */
  readonly nodeVersion: string;
  /** Where its inspector listens, and whether that was opened for this. */
  readonly inspector: { readonly host: string; readonly port: number; readonly openedHere: boolean };
  /**
   * Evaluates an expression in the main thread, also while that is busy with JavaScript, and awaits what it gives.
   * `require` is there, in ES modules too. What comes back goes through JSON.
   *
   * @throws {CaptureError} (rejects) EBB_CAPTURE_TARGET when it throws there, EBB_CAPTURE_NO_ANSWER, EBB_CAPTURE_LOST,
   *   EBB_CAPTURE_ABORTED
   */
  evaluate(expression: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown>;
  /** Takes a heap snapshot of the main thread; see {@link AttachedSnapshotOptions}. */
  takeSnapshot(options: AttachedSnapshotOptions): Promise<AttachedSnapshot>;
  /**
   * Writes the source maps that scripts of the main thread have in themselves (of tsx, ts-node and their like, on no disk)
   * into a folder of this process, for `--source-maps` of `ebb analyze`; the folder is made only where there is one. After
   * the snapshot, not between two that are to be compared.
   */
  takeSourceMaps(folder: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<AttachedSourceMaps>;
  /** Whether a path leads to the same file or folder for the process as for this one. */
  sees(path: string): boolean;
  /** Whether the process is still there, and no other with its number; also after `close`. */
  isThere(): boolean;
  /** Closes the inspector if it was opened for this, and says what stays. Never rejects; harmless when called again. */
  close(): Promise<Departure>;
}

/**
 * Attaches to the process.
 *
 * When Ebb is killed while it is attached, the process closes its inspector by itself, half a minute later.
 *
 * @throws {CaptureError} (rejects) before anything was sent: EBB_CAPTURE_UNSUPPORTED (not Linux),
 *   EBB_CAPTURE_NO_PROCESS, EBB_CAPTURE_NOT_YOURS, EBB_CAPTURE_NOT_NODE, EBB_CAPTURE_NO_SIGNAL (SIGUSR1 would kill it),
 *   EBB_CAPTURE_OTHER_NETWORK, EBB_CAPTURE_PORT_TAKEN; after it: EBB_CAPTURE_PORT_TAKEN, EBB_CAPTURE_NO_INSPECTOR,
 *   EBB_CAPTURE_NO_ANSWER, EBB_CAPTURE_LOST, EBB_CAPTURE_ABORTED
 */
export async function attach(pid: number, options: AttachOptions = {}): Promise<AttachedProcess> {
  const { timeoutMs = 10_000, signal } = options;
  if (signal?.aborted === true) throw calledOff(pid, signal.reason);
  const target = lookAtProcess(pid);
  const place = await openInspector(target, { timeoutMs, signal }).catch((error: unknown) => {
    if (error instanceof CaptureError) throw error;
    throw calledOff(pid, error);
  });
  const line = await connect(target, place, timeoutMs);
  try {
    const nodeVersion = await identify(line, { signal });
    await line.install({ signal });
    return {
      pid,
      uid: target.uid,
      gid: target.gid,
      nodeVersion,
      inspector: { host: place.host, port: place.port, openedHere: place.openedHere },
      evaluate: async (expression, answer) => await line.evaluate(expression, answer),
      takeSnapshot: async (snapshot) => await takeAttachedSnapshot(line, snapshot),
      takeSourceMaps: async (folder, answer) => await takeAttachedSourceMaps(line, folder, answer ?? {}),
      sees: (path) => seesSame(pid, path),
      isThere: () => isStillThere(target),
      close: async () => await line.close(),
    };
  } catch (error) {
    throw withLeft(error, await line.close());
  }
}

async function connect(target: TargetProcess, place: InspectorPlace, timeoutMs: number): Promise<ProcessLine> {
  try {
    // Not called off: a session is what closes the inspector again.
    return new ProcessLine(target, place, await openSession({ ...place, timeoutMs }), timeoutMs);
  } catch (cause) {
    const left = place.openedHere ? [`the inspector on ${place.host}:${place.port}`] : [];
    const error = new CaptureError(
      'EBB_CAPTURE_LOST',
      `The inspector of process ${target.pid} does not let itself be connected to (${cause instanceof Error ? cause.message : String(cause)}). Try again.`,
      { cause },
    );
    throw withLeft(error, { left });
  }
}

/** Nothing is changed in a process until it has said that it is the one. */
async function identify(line: ProcessLine, options: AnswerOptions): Promise<string> {
  const { target } = line;
  const said = recordOf(JSON.parse(String(await line.evaluate(identityExpression, options))));
  const { pid, startTicks, version } = said;
  if (pid === target.innerPid && (startTicks === '' || startTicks === target.startTicks)) return String(version);
  throw new CaptureError(
    'EBB_CAPTURE_PORT_TAKEN',
    `The inspector on port ${line.place.port} is that of process ${String(pid)}, and not of process ${target.pid}. Nothing was done there.`,
  );
}

function withLeft(error: unknown, { left }: Departure): unknown {
  if (left.length > 0 && error instanceof Error) error.message += ` In the process stays ${left.join('; ')}.`;
  return error;
}
