/**
 * The process that a workload runs in. It does what the parent asks, one request after the other, and tells where it
 * is four times a second, so that a call that does not end can be named. It keeps nothing that grows.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CaptureError, captureSnapshot } from '@ebb/capture';
import { LineReader, type Message, type Phase, type Request, type Thrown } from './protocol.ts';
import { settleThoroughly } from './settle.ts';
import { stretch, warmUp } from './stretch.ts';
import { iterate, Progress, type Workload } from './workload.ts';

const OUT = 3;
const IN = 4;
const HEARTBEAT_MS = 250;
/** Of work that goes on while a snapshot is written. */
const BETWEEN_ITERATIONS_MS = 100;

const exit = process.exit.bind(process); // before the workload can replace it
const progress = new Progress();
/**
 * Node.js keeps every module that it has loaded. The runner does not, so that no path in a report leads through it: a
 * snapshot shows the workload as held by the module loader, and what it holds.
 */
let workload: WeakRef<Workload> | undefined;
let ended = false;
/** Work that goes on between two requests. */
let going: Promise<void> = Promise.resolve();
let requestsSeen = 0;

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

async function snapshot(loaded: Workload, file: string): Promise<void> {
  progress.phase = 'settle';
  await settleThoroughly(progress.iteration);
  try {
    const captured = await captureAtWork(loaded, file);
    if (captured === null) return;
    tell(captured);
    going = goOn(loaded);
  } catch (error) {
    const code = error instanceof CaptureError ? error.code : 'EBB_CAPTURE_INCOMPLETE';
    tell({ type: 'noSnapshot', code, message: thrown(error).summary });
  }
}

/**
 * A forked child writes the snapshot where that is possible. A pause of seconds would be none of the work's: what is idle
 * for so long (a connection, and what leaks with it) is closed, and requests that meet such a connection fail. So the
 * work goes on meanwhile, slowly. Returns how many iterations the snapshot stands after, and who wrote it; null when the
 * workload failed, which has been told then.
 */
async function captureAtWork(loaded: Workload, file: string): Promise<Extract<Message, { type: 'captured' }> | null> {
  let iterations = progress.iteration;
  let isForked = false;
  const written = captureSnapshot({
    file,
    method: 'auto',
    niceness: 0,
    onMoment: (method) => {
      iterations = progress.iteration;
      isForked = method === 'fork';
      progress.phase = 'snapshot';
      tell({ type: 'at', ...at() });
    },
  }).then(() => 'written' as const);
  written.catch(() => undefined); // told where it is awaited
  while ((await Promise.race([written, sleep(BETWEEN_ITERATIONS_MS, 'writing')])) === 'writing') {
    if (isForked && (await attempt(() => iterate(loaded, progress, 1, 0))) === null) return null;
  }
  return { type: 'captured', iterations, method: isForked ? 'fork' : 'inline' };
}

/** Goes on slowly until the next request: the snapshots are looked at meanwhile, which takes seconds too. */
async function goOn(loaded: Workload): Promise<void> {
  const before = requestsSeen;
  for (;;) {
    await sleep(BETWEEN_ITERATIONS_MS);
    if (requestsSeen !== before) return;
    if ((await attempt(() => iterate(loaded, progress, 1, 0))) === null) return;
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

async function use(request: Exclude<Request, { type: 'start' }>): Promise<void> {
  const loaded = workload?.deref();
  if (request.type === 'end') await end(loaded, request.limitMs);
  else if (loaded === undefined) return;
  else if (request.type === 'snapshot') await snapshot(loaded, request.file);
  else if (request.type === 'warmUp') await warm(loaded);
  else await step(loaded, request);
}

async function obey(request: Request): Promise<void> {
  requestsSeen++;
  await going;
  if (request.type === 'start') await start(request.file);
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
