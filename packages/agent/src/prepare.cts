// What both entries of the agent do before the program's first line: `preload` (started by `ebb watch`, which listens on
// a socket) and `register` (started by the program's owner; nobody need listen).
//
// It must be invisible: it throws nothing, prints nothing, keeps nothing alive. The agent proper
// is loaded from an unref'ed timer, so that a program which ends at once never pays for it; and where
// nobody waits for its first sample, only when the program has started.
const workerThreads = require('node:worker_threads') as typeof import('node:worker_threads');
const { eventLoopUtilization } = (require('node:perf_hooks') as typeof import('node:perf_hooks')).performance;

/**
 * A service loads and then listens; what the agent loads is to take the CPU from it neither before nor meanwhile. So it
 * waits for a stretch in which the event loop was idle for the most part, and not for ever: some are never idle.
 */
const stretchMs = 250;
const idleShare = 0.5;
const longestStartUpMs = 3000;
const socketKey = 'ebb.agent.socket';
const threadKey = 'ebb.agent.thread';

// Taken before the program can replace them.
const { now } = Date;
const { hrtime } = process;
const clock = {
  now,
  monotonicMs: (): number => {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
};

/**
 * What worker threads inherit, and so must be there before the program can start one: the process's identity, and the
 * memory in which they report to the main thread (see measure/thread-board.ts).
 */
function prepareThreads(): void {
  const word = (): string =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  const [a, b, c, d] = [word(), word(), word(), word()];
  const instance = `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
  workerThreads.setEnvironmentData('ebb.agent.instance', instance);
  const scraped = process.env['EBB_PROMETHEUS_PORT'] ?? process.env['OTEL_METRICS_EXPORTER']?.includes('prometheus');
  const textBytes = scraped === undefined || scraped === false ? 0 : 128 * 1024;
  workerThreads.setEnvironmentData('ebb.agent.board', new SharedArrayBuffer(32 * (32 + textBytes)));
}

/** Calls back when the program seems to have started; a program that ends before hears nothing of it. */
function whenStarted(begin: () => void): void {
  const latestMs = clock.monotonicMs() + longestStartUpMs;
  let before = eventLoopUtilization();
  const look = (): void => {
    const now = eventLoopUtilization();
    const { idle } = eventLoopUtilization(now, before);
    before = now;
    if (idle >= idleShare * stretchMs || clock.monotonicMs() >= latestMs) begin();
    else clock.setTimeout(look, stretchMs).unref();
  };
  clock.setTimeout(look, stretchMs).unref();
}

/**
 * A drain that the environment asks for. Its signals are listened to at once, so that none can come too early; the rest is
 * loaded meanwhile. Where none is asked for, nothing is loaded and nothing listened to.
 */
function prepareDrain(): void {
  const words = process.env['EBB_DRAIN']?.split(',').map((word) => word.trim());
  if (words === undefined || process.env['EBB_AGENT']?.toLowerCase() === 'off') return;
  // What happens until the rest is loaded: a request that begins now is waited for, too.
  const { subscribe, unsubscribe } = require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
  const early: [channel: string, message: unknown][] = [];
  const subscriptions = ['tracing:net.server.listen:asyncStart', 'net.server.socket', 'http.server.request.start'].map(
    (channel) => {
      const hear = (message: unknown): void => void early.push([channel, message]);
      subscribe(channel, hear);
      return (): void => void unsubscribe(channel, hear);
    },
  );
  const armed = import('./drain/from-environment.ts')
    .then(({ armDrainByEnvironment }) => armDrainByEnvironment(process.env, clock.now, early))
    .finally(() => {
      for (const stop of subscriptions) stop();
    });
  armed.catch(() => undefined);
  const exit = (): void => {
    process.exit(0);
  };
  const drain = (): void => {
    void armed.then(async (drainer) => await drainer?.drain()).then(exit, exit);
  };
  for (const word of words) {
    try {
      if (/^SIG[A-Z0-9]+$/.test(word)) process.on(word, drain);
    } catch {
      // It cannot be listened to: told when the rest is loaded.
    }
  }
}

/** A way to have freed memory given back, which the environment asks for. */
function prepareTrim(): void {
  if (process.env['EBB_TRIM'] === undefined || process.env['EBB_AGENT']?.toLowerCase() === 'off') return;
  void import('./relief/from-environment.ts')
    .then(({ armTrimByEnvironment }) => {
      armTrimByEnvironment(process.env, clock.now);
    })
    .catch(() => undefined);
}

/** @param alone the agent is wanted without a watcher, too */
function prepare(alone: boolean): void {
  // The program finds its own modules in the cache, and no others.
  Reflect.deleteProperty(require.cache, __filename);
  const { isMainThread, parentPort, threadId, getEnvironmentData, setEnvironmentData } = workerThreads;
  // The thread in which Node runs module hooks: no program runs there, and it sleeps in a lock.
  if (!isMainThread && parentPort === null) return;
  // Preloaded twice, by NODE_OPTIONS and by the command line.
  if (getEnvironmentData(threadKey) === threadId) return;
  // A worker may have been given an environment of its own; it is the same process all the same. (Where that has no
  // NODE_OPTIONS, nothing is preloaded, and the worker's heap stays unseen.)
  const socketPath: unknown = process.env['EBB_AGENT_SOCKET'] ?? getEnvironmentData(socketKey);
  const watched = typeof socketPath === 'string' && socketPath !== '';
  if (!watched && !alone) return;
  setEnvironmentData(threadKey, threadId);
  if (watched) setEnvironmentData(socketKey, socketPath);
  else if (isMainThread) prepareThreads();
  if (isMainThread) prepareDrain();
  const begin = (): void => {
    if (isMainThread) prepareTrim();
    const started = watched
      ? import('./host/start.ts').then(({ startAgent }) => {
          // Once it has gone, another may come: by `ebb watch --pid`.
          const onStopped = (): void => setEnvironmentData(threadKey, undefined);
          startAgent(socketPath, clock, { onStopped });
        })
      : import('./host/lone-agent.ts').then(async ({ startLoneAgent }) => {
          await startLoneAgent(clock);
        });
    // Not readable (the permission model) or gone: the program runs on without an agent.
    void started.catch(() => undefined);
  };
  if (watched) clock.setTimeout(begin, 0).unref();
  else whenStarted(begin);
}

module.exports = prepare;
