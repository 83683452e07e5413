import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { preloadOptions, type AgentListener, type ConnectedAgent } from '@ebb/agent';
import { CliError } from '../errors/cli-error.ts';
import { startProgram, type Program } from '../program/program.ts';
import { printable } from '../wording/printable.ts';
import { listeningPorts } from './listening.ts';

/** How the service is started. */
export interface ServiceOptions {
  readonly command: readonly string[];
  /** Where it is reached, if somebody knows; otherwise the port that one of its processes listens on. */
  readonly url: string | null;
  readonly startLimitMs: number;
  readonly listener: AgentListener;
  readonly snapshotDirectory: string;
  readonly signal: AbortSignal;
  /** Put over Ebb's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The `cgroup.procs` of a group that it is started in. */
  readonly processesFile?: string | null;
}

/** A service asked to end gets so long before it is killed. */
const STOP_GRACE_MS = 5000;
/** So much later than its connections break the end of a process is told, at the most. */
const END_TOLD_MS = 1000;
const LOOK_EVERY_MS = 50;

/** The service under test, with the agent in it. */
export class Service {
  readonly #program: Program;
  readonly #listener: AgentListener;
  /** Where it answers. */
  url: URL = new URL('http://127.0.0.1');

  private constructor(program: Program, listener: AgentListener) {
    this.#program = program;
    this.#listener = listener;
  }

  /**
   * Starts it and waits until it listens. `PORT` is a free one, unless the environment has it.
   *
   * @throws {CliError} EBB_CLI_SOAK_NOT_LISTENING, EBB_CLI_SOAK_ENDED, EBB_CLI_SOAK_NO_AGENT, and as {@link startProgram}
   */
  static async start(options: ServiceOptions): Promise<Service> {
    const { command, listener, snapshotDirectory } = options;
    const environment = { ...process.env, ...options.environment };
    const preload = preloadOptions(command, environment, { snapshotDirectory });
    if (!preload.attached)
      throw new CliError('EBB_CLI_SOAK_NO_AGENT', preload.reason ?? 'the agent cannot be loaded into the program');
    const port = process.env['PORT'] ?? String(await freePort());
    const env: NodeJS.ProcessEnv = {
      ...environment,
      PORT: port,
      EBB_AGENT_SOCKET: listener.socketPath,
      NODE_OPTIONS: preload.nodeOptions,
    };
    const program = await startProgram(within(options.processesFile, preload.command), env, { outputTo: 'stderr' });
    const service = new Service(program, listener);
    try {
      service.url = await service.#listening(options, Number(port));
      return service;
    } catch (error) {
      await service.stop();
      throw error;
    }
  }

  /** How it ended; null while it runs. */
  get end(): Program['end'] {
    return this.#program.end;
  }

  /** Whether it has ended, or does so within a moment: connections break before the end of a process is told. */
  async isEnding(): Promise<boolean> {
    await Promise.race([this.#program.ended, delay(END_TOLD_MS)]);
    return this.end !== null;
  }

  /**
   * The process that answers requests, found by sending some.
   *
   * @throws {CliError} EBB_CLI_SOAK_NO_AGENT when none of its processes counts them, EBB_CLI_SOAK_SEVERAL when several do
   */
  async serving(sendSome: () => Promise<void>): Promise<ConnectedAgent> {
    const counted = new Map<ConnectedAgent, number>();
    const hear = (agent: ConnectedAgent, { sample }: { sample: { requests: number | null } }): void => {
      counted.set(agent, sample.requests ?? 0);
    };
    this.#listener.on('sample', hear);
    try {
      for (const agent of this.#listener.agents.values()) agent.setInterval(100);
      await sendSome();
      for (let waitedMs = 0; waitedMs < 5000; waitedMs += LOOK_EVERY_MS) {
        await delay(LOOK_EVERY_MS);
        const [first, ...others] = [...counted].filter(([, requests]) => requests > 0).map(([agent]) => agent);
        if (others.length > 0) {
          const pids = [first, ...others].map((agent) => agent?.hello.pid).join(', ');
          throw new CliError('EBB_CLI_SOAK_SEVERAL', `requests are answered by several processes or threads (${pids})`);
        }
        // One more interval, in case that another one is slower to tell.
        if (first !== undefined && waitedMs >= 300) return first;
      }
    } finally {
      this.#listener.off('sample', hear);
      for (const agent of this.#listener.agents.values()) agent.setInterval(1000);
    }
    throw new CliError(
      'EBB_CLI_SOAK_NO_AGENT',
      `no process with the agent in it answered what was sent to ${this.url.href}`,
    );
  }

  /** Ends the service and all its processes that Ebb knows of. */
  async stop(): Promise<void> {
    this.#signalAll('SIGTERM');
    const killing = setTimeout(() => {
      this.#signalAll('SIGKILL');
    }, STOP_GRACE_MS);
    await this.#program.ended;
    clearTimeout(killing);
    for (let waitedMs = 0; this.#listener.agents.size > 0 && waitedMs < STOP_GRACE_MS; waitedMs += LOOK_EVERY_MS)
      await delay(LOOK_EVERY_MS);
    this.#signalAll('SIGKILL');
  }

  async #listening({ url, startLimitMs, signal }: ServiceOptions, wantedPort: number): Promise<URL> {
    for (let waitedMs = 0; waitedMs < startLimitMs; waitedMs += LOOK_EVERY_MS) {
      const { end } = this.#program;
      if (end !== null) {
        const how = end.code === null ? `by ${end.signal}` : `with exit code ${end.code}`;
        throw new CliError('EBB_CLI_SOAK_ENDED', `the service ended ${how} before it listened`);
      }
      signal.throwIfAborted();
      const place = url === null ? this.#placeOf(wantedPort) : new URL(url);
      if (place !== null && (await answers(place))) return place;
      await delay(LOOK_EVERY_MS);
    }
    const where = url === null ? 'none of its processes listens on a port' : `nothing listens at ${printable(url)}`;
    throw new CliError('EBB_CLI_SOAK_NOT_LISTENING', `${where} after ${startLimitMs / 1000} s`);
  }

  #placeOf(wantedPort: number): URL | null {
    const pids = new Set([this.#program.pid, ...[...this.#listener.agents.values()].map(({ hello }) => hello.pid)]);
    const ports = [...pids].flatMap((pid) => listeningPorts(pid));
    const port = ports.includes(wantedPort) ? wantedPort : ports[0];
    return port === undefined ? null : new URL(`http://localhost:${port}`);
  }

  #signalAll(signal: NodeJS.Signals): void {
    this.#program.signal(signal);
    for (const { hello } of this.#listener.agents.values()) {
      if (hello.pid === process.pid) continue;
      try {
        process.kill(hello.pid, signal);
      } catch {
        // It has ended in this moment.
      }
    }
  }
}

async function answers(place: URL): Promise<boolean> {
  try {
    await fetch(place, { method: 'HEAD', signal: AbortSignal.timeout(2000), redirect: 'manual' });
    return true;
  } catch (error) {
    // It listens, but is busy for so long or speaks another protocol: the first request will say.
    return error instanceof Error && error.name === 'TimeoutError';
  }
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Joins the group first, so that all of the memory is the group's from the first byte on. */
function within(processesFile: string | null | undefined, command: readonly string[]): readonly string[] {
  if (processesFile === null || processesFile === undefined) return command;
  return ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', processesFile, ...command];
}
