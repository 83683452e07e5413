/**
 * The process that a workload runs in. It does what the parent asks, one request after the other, and tells where it
 * is four times a second, so that a call that does not end can be named. It keeps nothing that grows.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CaptureError, captureSnapshotInline } from '@ebb/capture';
import { primeUpTo } from '../plan/plan.ts';
import { LineReader, type Floor, type Message, type Phase, type Request, type Thrown } from './protocol.ts';
import { settle, takeTurns } from './settle.ts';
import { heapGrowth, isWarm, nextChunk, WARM_UP } from './warm-up.ts';
import { iterate, Progress, type Workload } from './workload.ts';

const OUT = 3;
const IN = 4;
const HEARTBEAT_MS = 250;
/** Settling before a snapshot is thorough; between two rounds the floor's noise is averaged anyway. */
const SETTLE_ROUNDS = 5;
const FLOOR_ROUNDS = 1;

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
function work(loaded: Workload, iterations: number, timeMs: number): Promise<{ iterations: number; tookMs: number }> {
  tell({ type: 'at', phase: 'iterate', iteration: progress.iteration });
  return iterate(loaded, progress, iterations, timeMs);
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

async function warmUp(loaded: Workload): Promise<void> {
  const startMs = performance.now();
  progress.phase = 'settle';
  const floors: Floor[] = [await settle(0, FLOOR_ROUNDS)];
  let msPerIteration = 0;
  while (!isWarm(floors, performance.now() - startMs)) {
    const chunk = nextChunk(floors);
    const ran = await attempt(() => work(loaded, chunk, WARM_UP.chunkMs));
    if (ran === null) return;
    msPerIteration = ran.value.tookMs / ran.value.iterations;
    floors.push(await settle(progress.iteration, FLOOR_ROUNDS));
  }
  tell({ type: 'warm', iterations: progress.iteration, msPerIteration, bytesPerIteration: heapGrowth(floors) });
}

async function step(
  loaded: Workload,
  { iterations, rounds, limits }: Extract<Request, { type: 'step' }>,
): Promise<void> {
  const startMs = performance.now();
  const startIteration = progress.iteration;
  progress.phase = 'settle';
  await takeTurns();
  const first = await settle(progress.iteration, FLOOR_ROUNDS);
  const floors = [first];
  let workMs = 0;
  for (let round = 1; round <= rounds; round++) {
    // Prime after each round too: a limit may make it the last one.
    const target = startIteration + primeUpTo(Math.round((iterations * round) / rounds));
    if (target <= progress.iteration) continue;
    const ran = await attempt(() =>
      work(loaded, target - progress.iteration, limits.timeMs - (performance.now() - startMs)),
    );
    if (ran === null) return;
    workMs += ran.value.tookMs;
    const last = await settle(progress.iteration, FLOOR_ROUNDS);
    floors.push(last);
    const overTime = performance.now() - startMs >= limits.timeMs;
    const overHeap = last.heapBytes - first.heapBytes > limits.heapGrowthBytes;
    if (overTime || overHeap || last.externalBytes - first.externalBytes > limits.externalGrowthBytes) break;
  }
  tell({ type: 'stepped', floors, msPerIteration: workMs / (progress.iteration - startIteration) });
}

async function snapshot(file: string): Promise<void> {
  progress.phase = 'settle';
  await settle(progress.iteration, SETTLE_ROUNDS);
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
  else if (request.type === 'warmUp') await warmUp(loaded);
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
