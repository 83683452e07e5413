// The file that a watched program loads with `--require`, before its own code.
//
// It must be invisible: it throws nothing, prints nothing, keeps nothing alive. The agent proper
// is loaded from an unref'ed timer, so that a program which ends at once never pays for it.
const workerThreads = require('node:worker_threads') as typeof import('node:worker_threads');

const environmentKey = 'ebb.agent.socket';

function prepare(): void {
  const { isMainThread, parentPort } = workerThreads;
  // The thread in which Node runs module hooks: no program runs there, and it sleeps in a lock.
  if (!isMainThread && parentPort === null) return;
  // A worker may have been given an environment of its own; it is the same process all the same.
  const inherited: unknown = workerThreads.getEnvironmentData(environmentKey);
  const socketPath = process.env['EBB_AGENT_SOCKET'] ?? inherited;
  if (typeof socketPath !== 'string' || socketPath === '') return;
  if (isMainThread) workerThreads.setEnvironmentData(environmentKey, socketPath);
  setTimeout(() => {
    import('./host/start.ts').then(
      ({ startAgent }) => {
        startAgent(socketPath);
      },
      // Not readable (the permission model) or gone: the program runs on without an agent.
      () => undefined,
    );
  }, 0).unref();
}

try {
  prepare();
} catch {
  // Whatever it was, the program comes first.
}
