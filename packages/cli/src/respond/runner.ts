/** Asks the server for orders of one service and carries them out here, until it is stopped. */
import type { ServerClient } from '../remote/server-client.ts';
import { carryOut, type ToldStep } from './carry-out.ts';
import type { Executor, Order } from './executor.ts';

/** How a runner works. */
export interface RunnerOptions {
  readonly client: Pick<ServerClient, 'send'>;
  readonly service: string;
  readonly executor: Executor;
  /** Who it is, for the timeline. */
  readonly name: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Between two questions; default 2000. */
  readonly everyMs?: number;
}

/** The server gives up who is silent for a minute. */
const aliveEveryMs = 15_000;

/** Runs until `signal` is aborted; an order under way is finished or stopped first, and told. */
export async function respond(options: RunnerOptions): Promise<void> {
  const { client, service, executor, name, say, signal, everyMs = 2000 } = options;
  let away = false;
  while (!signal.aborted) {
    try {
      const told = { runner: name, service, kinds: executor.kinds, executor: executor.name.slice(0, 200) };
      const order = (await client.send('POST', '/api/v1/actions/next', told)) as Order | undefined;
      if (away) say('the server answers again');
      away = false;
      if (order !== undefined) await carry(order, options);
      else await pause(everyMs, signal);
    } catch (error) {
      // What was begun stays with the server as unclear; the service is not touched without an order.
      if (!away) say(error instanceof Error ? error.message : String(error));
      away = true;
      await pause(everyMs, signal);
    }
  }
}

async function carry(order: Order, { client, service, executor, name, say, signal }: RunnerOptions): Promise<void> {
  const path = `/api/v1/actions/${order.id}`;
  let stopReason: string | null = null;
  const progress = async (steps: ToldStep[]): Promise<string | null> => {
    const answer = (await client.send('POST', `${path}/progress`, { runner: name, steps })) as {
      stopReason: string | null;
    };
    stopReason = answer.stopReason;
    return signal.aborted ? 'the runner was stopped' : stopReason;
  };
  const what =
    order.targets.length > 0
      ? `${order.kind} of ${order.targets.length}`
      : `${order.kind} ${order.version ?? order.subject ?? ''}`;
  say(`action ${order.id}: ${what}`);
  const alive = setInterval(() => {
    progress([]).catch(() => undefined);
  }, aliveEveryMs);
  try {
    const { ok, outcome } = await carryOut(order, { executor, service, signal, progress });
    say(`action ${order.id} ${ok ? 'is done' : 'FAILED'}: ${outcome}`);
    await client.send('POST', `${path}/end`, { runner: name, ok, outcome: outcome.slice(0, 4000) });
  } finally {
    clearInterval(alive);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
