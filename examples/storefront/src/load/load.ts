import autocannon from 'autocannon';
import { Dice } from '../storage/dice.ts';
import { mostSteps, planVisit, type Step } from './journey.ts';

/** What a load is to be. */
export interface LoadOptions {
  /** `http://127.0.0.1:PORT`; hosts that are not this machine are refused. */
  readonly url: string;
  readonly requestsPerSecond: number;
  /** The load ends by itself after so long. */
  readonly maxDurationMs: number;
  /** The same seed plans the same visits. */
  readonly seed: number;
}

/** What a load has done so far. */
interface LoadSummary {
  readonly requests: number;
  /** Answers with a status of 400 or above but 401, time-outs and broken connections. */
  readonly failures: number;
  /** Answers "log in first": the visitor's session was gone, as after a restart. */
  readonly loggedOut: number;
  /** Answers by route, such as `POST /login`. */
  readonly requestsByRoute: Readonly<Record<string, number>>;
}

/** A load that is under way. */
export interface RunningLoad {
  /** What it has done so far. */
  summary(): LoadSummary;
  /** Settles when the load has ended, by itself or by `stop()`. */
  readonly finished: Promise<LoadSummary>;
  stop(): void;
}

/** The load was asked to go where it must not. */
export class LoadError extends Error {
  readonly code = 'STOREFRONT_LOAD';
  override readonly name = 'LoadError';
}

interface Visit {
  steps?: Step[];
  cookie?: string;
}

const loopbackHosts = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** autocannon spends a second's requests at the second's start; groups that start apart even it out. */
const groups = 5;
const connectionsPerGroup = 6;
/** A server whose heap is being written to disk answers late. */
const answerSeconds = 60;
/** A server that has gone would otherwise be dialled as fast as it refuses. */
const mostErrorsPerGroup = 20;

/**
 * Plays ordinary customers against a storefront with its sample data, at a fixed rate and for a bounded
 * time.
 *
 * @throws LoadError when the URL is not on this machine.
 */
export function startLoad(options: LoadOptions): RunningLoad {
  const { hostname } = new URL(options.url);
  if (!loopbackHosts.has(hostname)) {
    throw new LoadError(`The load goes to this machine only, not to "${hostname}". Use 127.0.0.1.`);
  }
  const dice = new Dice(options.seed);
  const counts = { requests: 0, failures: 0, loggedOut: 0, requestsByRoute: {} as Record<string, number> };
  const requests = visitRequests(dice, (step, status) => {
    counts.requests += 1;
    if (status === 401) counts.loggedOut += 1;
    else if (status >= 400) counts.failures += 1;
    counts.requestsByRoute[step.route] = (counts.requestsByRoute[step.route] ?? 0) + 1;
  });

  const running = new Set<autocannon.Instance>();
  const cancel = new AbortController();
  const runGroup = async (index: number): Promise<void> => {
    await pause((index * 1000) / groups, cancel.signal);
    if (cancel.signal.aborted) return;
    const group: autocannon.Options = {
      url: options.url,
      connections: connectionsPerGroup,
      overallRate: Math.max(1, Math.round(options.requestsPerSecond / groups)),
      duration: Math.max(1, Math.ceil(options.maxDurationMs / 1000)),
      timeout: answerSeconds,
      bailout: mostErrorsPerGroup,
      sampleInt: 250, // that often autocannon looks whether it should stop
      requests,
    };
    await new Promise<void>((resolve, reject) => {
      const instance = autocannon(group, (error: Error | null, result: autocannon.Result) => {
        running.delete(instance);
        if (error !== null) {
          reject(error);
          return;
        }
        counts.failures += result.errors;
        resolve();
      });
      running.add(instance);
    });
  };
  const finished = Promise.all(Array.from({ length: groups }, (_, index) => runGroup(index)));
  return {
    summary: () => ({ ...counts, requestsByRoute: { ...counts.requestsByRoute } }),
    finished: finished.then(() => counts),
    stop(): void {
      cancel.abort();
      for (const instance of running) instance.stop();
    },
  };
}

/** One autocannon request for each step that a visit may have; a visit that is over starts the next. */
function visitRequests(dice: Dice, answered: (step: Step, status: number) => void): autocannon.Request[] {
  return Array.from({ length: mostSteps }, (_, index): autocannon.Request => {
    return {
      setupRequest(request: autocannon.Request, context: object): autocannon.Request {
        const visit = context as Visit;
        const step = (visit.steps ??= planVisit(dice))[index];
        // autocannon takes a falsy request as "start over"; its type does not say so
        if (step === undefined) return null as unknown as autocannon.Request;
        return { ...request, ...toRequest(step, visit.cookie) };
      },
      onResponse(status: number, _body: string, context: object, headers: unknown): void {
        const visit = context as Visit;
        const step = visit.steps?.[index];
        if (step === undefined) return;
        visit.cookie = readSessionCookie(headers) ?? visit.cookie ?? '';
        answered(step, status);
      },
    };
  });
}

function toRequest(step: Step, cookie: string | undefined): autocannon.Request {
  const headers: Record<string, string> = { accept: 'text/html,application/json' };
  if (cookie) headers['cookie'] = cookie;
  if (step.body !== undefined) headers['content-type'] = 'application/json';
  const body = step.body === undefined ? undefined : JSON.stringify(step.body);
  return { method: step.method, path: step.path, headers, body };
}

function readSessionCookie(headers: unknown): string | undefined {
  for (const [name, value] of Object.entries(headers as Record<string, string | string[]>)) {
    if (name.toLowerCase() !== 'set-cookie') continue;
    return [value].flat()[0]?.split(';', 1)[0];
  }
  return undefined;
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    const timer = setTimeout(goOn, delayMs);
    signal.addEventListener('abort', goOn);
  });
}
