/**
 * The process that a workload runs in. It does what the parent asks, one request after the other, and tells where it
 * is four times a second, so that a call that does not end can be named. It keeps nothing that grows.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CaptureError, captureSnapshotInline } from '@ebb/capture';
import { LineReader, type Message, type Phase, type Request, type Thrown } from './protocol.ts';
import { settleThoroughly } from './settle.ts';
import { stretch, warmUp } from './stretch.ts';
import { Progress, type Workload } from './workload.ts';

const OUT = 3;
const IN = 4;
const HEARTBEAT_MS = 250;

const exit = process.exit.bind(process); // before the workload can replace it
const progress = new Progress();
/**
 * Node.js keeps every module that it has loaded. The runner does not, so that no path in a report leads through it: a
 * snapshot shows the workload as held by the module loader, and what it holds.
 */
let workload: WeakRef<Workload> | undefined;
let ended = false;

function tell(message: Message): void {
  try {
    writeSync(OUT, `${JSON.stringify(message)}\n`);
  } catch {
    // The parent has gone; the end of its pipe ends this process.
  }
}

const at = (): { phase: Phase; iteration: number } => ({ phase: progress.phase, iteration: progress.iteration });

/** Says where the work begins, before a call that may never let the event loop turn again. */
function tellPlace(): void {
  tell({ type: 'at', phase: 'iterate', iteration: progress.iteration });
}

/** Runs one of the workload's own functions; null when it failed, which has been told then. */
async function attempt<T>(run: () => Promise<T>): Promise<{ value: T } | null> {
  try {
    return { value: await run() };
  } catch (error) {
    tell({ type: 'failed', ...at(), error: thrown(error) });
    return null;
  }
}

function thrown(error: unknown): Thrown {
  try {
    if (error instanceof Error) {
      const stack = (error.stack ?? '').slice(0, 20_000);
      return { summary: `${error.name}: ${error.message}`.slice(0, 2000), stack };
    }
    return { summary: String(error).slice(0, 2000), stack: '' };
  } catch {
    return { summary: 'something that cannot be shown', stack: '' };
  }
}

async function start(file: string): Promise<void> {
  progress.phase = 'import';
  tell({ type: 'at', ...at() });
  const imported = await attempt(async () => (await import(pathToFileURL(file).href)) as Record<string, unknown>);
  if (imported === null) return;
  const found = workloadOf(imported.value);
  if (found === null) {
    tell({ type: 'noIterate', exports: Object.keys(imported.value).slice(0, 20) });
    return;
  }
  workload = new WeakRef(found);
  progress.phase = 'setup';
  tell({ type: 'at', ...at() });
  if ((await attempt(async () => found.setup?.())) !== null) tell({ type: 'started' });
}

/** The module's own exports; those of a CommonJS module may stand under `default` only. */
function workloadOf(module: Record<string, unknown>): Workload | null {
  for (const candidate of [module, module['default']]) {
    if (
      typeof candidate === 'object' &&
      candidate !== null &&
      'iterate' in candidate &&
      typeof candidate.iterate === 'function'
    ) {
      return candidate as Workload;
    }
  }
  return null;
}

async function warm(loaded: Workload): Promise<void> {
  const done = await attempt(() => warmUp(loaded, progress, { beforeWork: tellPlace }));
  if (done !== null) tell({ type: 'warm', ...done.value });
}

async function step(loaded: Workload, plan: Extract<Request, { type: 'step' }>): Promise<void> {
  const done = await attempt(() => stretch(loaded, progress, plan, { beforeWork: tellPlace }));
  if (done !== null) tell({ type: 'stepped', ...done.value });
}

async function snapshot(file: string): Promise<void> {
  progress.phase = 'settle';
  await settleThoroughly(progress.iteration);
  progress.phase = 'snapshot';
  tell({ type: 'at', ...at() });
  try {
    const { pauseMs } = captureSnapshotInline(file);
    tell({ type: 'captured', iterations: progress.iteration, pauseMs });
  } catch (error) {
    const code = error instanceof CaptureError ? error.code : 'EBB_CAPTURE_INCOMPLETE';
    tell({ type: 'noSnapshot', code, message: thrown(error).summary });
  }
}

async function end(loaded: Workload | undefined, limitMs: number): Promise<void> {
  progress.phase = 'teardown';
  const finished = await attempt(() =>
    Promise.race([Promise.resolve(loaded?.teardown?.()).then(() => true), sleep(limitMs, false)]),
  );
  ended = true;
  if (finished !== null) tell({ type: 'ended', teardownFinished: finished.value });
  exit(0);
}

async function use(request: Extract<Request, { type: 'warmUp' | 'step' | 'end' }>): Promise<void> {
  const loaded = workload?.deref();
  if (request.type === 'end') await end(loaded, request.limitMs);
  else if (loaded === undefined) return;
  else if (request.type === 'warmUp') await warm(loaded);
  else await step(loaded, request);
}

async function obey(request: Request): Promise<void> {
  if (request.type === 'start') await start(request.file);
  else if (request.type === 'snapshot') await snapshot(request.file);
  else await use(request);
}

const reader = new LineReader<Request>();
const requests = new Socket({ fd: IN, readable: true, writable: false });
requests.setEncoding('utf8');
requests.on('data', (chunk: string) => {
  for (const request of reader.push(chunk)) {
    // While it works, only the workload itself keeps the process alive: a promise that never settles shows.
    requests.unref();
    void obey(request).finally(() => {
      progress.phase = 'wait';
      requests.ref();
    });
  }
});
requests.on('end', () => process.kill(process.pid, 'SIGKILL'));
requests.on('error', () => process.kill(process.pid, 'SIGKILL'));

setInterval(() => {
  tell({ type: 'at', ...at() });
}, HEARTBEAT_MS).unref();
// Observes without changing what the workload's own handlers do.
process.on('uncaughtExceptionMonitor', (error) => {
  tell({ type: 'uncaught', ...at(), error: thrown(error) });
});
process.on('beforeExit', () => {
  tell({ type: 'ranDry', ...at() });
});
process.on('exit', (exitCode) => {
  if (!ended) tell({ type: 'exit', ...at(), exitCode });
});
