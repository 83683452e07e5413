import { setTimeout as delay } from 'node:timers/promises';
import { preloadOptions, type AgentListener, type ProcessEnd } from '@ebb/agent';
import { countOutOfMemoryKills } from '@ebb/capture';
import { CLI_ERRORS } from '../errors/registry.ts';
import { exitCodeOf } from '../program/end-as.ts';
import { isAlive } from '../program/is-alive.ts';
import { startProgram, type Program, type ProgramEnd } from '../program/program.ts';
import { inWatchPlace, type WatchPlace } from './place.ts';
import { Session, type WatchConclusion, type WatchOptions, type WatchSubject } from './session.ts';

/** What `ebb watch -- COMMAND` was asked for. */
export interface ProgramWatchOptions extends WatchOptions {
  readonly command: readonly string[];
  readonly mayCollect: boolean;
}

/** How the watch of a program that Ebb started ended. */
export interface ProgramWatchOutcome extends WatchConclusion {
  readonly end: ProgramEnd;
  /** Ebb itself ended the program after the finding (--stop-on-finding): its end by that signal is no failure. */
  readonly stopped: boolean;
}

/** What a shell or npm makes of SIGABRT and SIGKILL. */
const ABORTED = 134;
const KILLED = 137;

/** A program that was asked to end by Ebb itself gets so long before it is killed. */
const STOP_GRACE_MS = 10_000;

/**
 * Starts a program with the agent in it, watches it to its end, and tells what it found. Nothing of Ebb's stays behind
 * on any way out: the terminal is restored, snapshots and the socket are removed, the program has ended.
 *
 * @throws {CliError} when the program could not be started, or a folder or file cannot be used
 */
export async function watchProgram(options: ProgramWatchOptions): Promise<ProgramWatchOutcome> {
  return await inWatchPlace(options, async (place) => await new ProgramWatch(options, place).run());
}

class ProgramWatch implements WatchSubject {
  readonly command: readonly string[];
  readonly consent: WatchSubject['consent'];
  endings = 0;
  readonly #place: WatchPlace;
  readonly #listener: AgentListener;
  readonly #session: Session;
  #program: Program | null = null;
  /** By process: what it is started through may put it into a group of its own. */
  readonly #kills = new Map<number, () => number | null>();
  readonly #killsHere = countOutOfMemoryKills();
  #stopping = false;
  /** The agent is to be in the program; if not, why was said. */
  #attached = true;

  constructor(options: ProgramWatchOptions, place: WatchPlace) {
    this.command = options.command;
    this.consent = {
      collections: options.mayCollect ? 'whenever' : 'never',
      // Whoever starts a program to have it watched wants to know what leaks; a program that runs already is another's.
      method: 'auto',
      // It takes its share beside the program, and is gone: one that stands back where the CPU is short writes for a minute,
      // while each page that the program touches is copied, and the verdict waits for it.
      niceness: 0,
    };
    this.#place = place;
    this.#listener = place.listener;
    this.#session = new Session(options, place, this);
    this.#listener.on('hello', ({ hello: { pid } }) => {
      if (!this.#kills.has(pid)) this.#kills.set(pid, countOutOfMemoryKills(pid));
    });
  }

  get watched(): boolean {
    return this.#program?.end === null;
  }

  async run(): Promise<ProgramWatchOutcome> {
    const session = this.#session;
    const preload = preloadOptions(this.command, process.env, { snapshotDirectory: this.#place.store.directory });
    this.#attached = preload.attached;
    if (preload.reason !== undefined) session.note(preload.reason);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      EBB_AGENT_SOCKET: this.#listener.socketPath,
      NODE_OPTIONS: preload.nodeOptions,
    };
    if (preload.nodeOptions === undefined) delete env['NODE_OPTIONS'];
    // Guarded before the program starts, so that no signal finds Ebb unprepared and leaves the program behind.
    return await session.guard(async () => {
      try {
        const program = await startProgram(preload.command, env);
        this.#program = program;
        if (this.endings > 0) program.signal('SIGTERM'); // asked to end while the program was being started
        session.show();
        const end = await program.ended;
        await this.#settle();
        session.hide();
        return this.#conclude(end);
      } finally {
        if (this.watched) this.#signalAll('SIGTERM'); // Ebb failed: nothing may run on unwatched
      }
    });
  }

  endedEarly(): string {
    return 'the program ended before the last snapshot';
  }

  onSignal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
  }

  onKill(): void {
    this.#signalAll('SIGKILL');
  }

  onEnding(times: number): void {
    this.endings = times;
    if (!this.watched) return;
    if (times === 2) this.#session.say('ebb: sent SIGTERM to the program; once more kills it');
    if (times >= 3) this.#session.say('ebb: killed the program');
  }

  onFinding(): void {
    if (this.#stopping || this.#program === null) return;
    this.#stopping = true;
    this.#session.say('ebb: ending the program, as --stop-on-finding asks');
    this.#signalAll('SIGTERM');
    setTimeout(() => {
      this.#signalAll('SIGKILL');
    }, STOP_GRACE_MS).unref();
  }

  onFailure(): string {
    return 'the program runs on; Ebb waits for its end';
  }

  /** Of the program itself as it is; of one behind a shell or npm as far as that has passed it on. */
  #endOf(pid: number, end: ProgramEnd): ProcessEnd {
    const kills = (this.#kills.get(pid) ?? this.#killsHere)();
    const killed = kills === null ? {} : { outOfMemoryKill: kills > 0 };
    if (pid === this.#program?.pid) return { exitCode: end.code, signal: end.signal, ...killed };
    const code = exitCodeOf(end);
    if (code === ABORTED || code === KILLED) return { exitCode: code, signal: null, ...killed };
    // It went before the program did, or with it: as programs do when they are asked to.
    return { exitCode: 0, signal: null };
  }

  /** To the program and to every process of it that is connected: npm, for one, does not pass SIGKILL on. */
  #signalAll(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
    for (const { hello } of this.#listener.agents.values()) {
      if (hello.pid === this.#program?.pid || hello.pid === process.pid) continue;
      try {
        process.kill(hello.pid, signal);
      } catch {
        // It has ended in this moment.
      }
    }
  }

  /** After the program's end: what is left of it ends too when it was asked to, and analyses under way come to their end. */
  async #settle(): Promise<void> {
    await delay(20); // the last lines from the socket
    await this.#session.hearOut((pid) => !isAlive(pid));
    if (this.#stopping || this.endings > 0) await this.#endRemains();
    await this.#session.finish(this.endings >= 2);
  }

  /** npm and shells end at a signal without passing it on: the processes that they had started would run on for ever. */
  async #endRemains(): Promise<void> {
    const { agents } = this.#listener;
    if (agents.size === 0) return;
    this.#signalAll('SIGTERM');
    const untilMs = performance.now() + STOP_GRACE_MS;
    while (agents.size > 0 && performance.now() < untilMs && this.endings < 3) await delay(20);
    this.#signalAll('SIGKILL');
  }

  #conclude(end: ProgramEnd): ProgramWatchOutcome {
    const session = this.#session;
    const { series } = session.watcher;
    if (series.length === 0) {
      const entry = CLI_ERRORS.EBB_CLI_NO_NODE_PROCESS;
      const hint = this.#attached ? `\n     ${entry.next}` : '';
      session.note(`no Node.js process connected: nothing was judged (EBB_CLI_NO_NODE_PROCESS)${hint}`);
    }
    if (!this.#stopping && this.endings < 3) session.tellDeaths((pid) => this.#endOf(pid, end));
    return { end, stopped: this.#stopping, ...session.conclude({ exitCode: end.code, signal: end.signal }) };
  }
}
