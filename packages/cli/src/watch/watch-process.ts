import { setTimeout as delay } from 'node:timers/promises';
import { countOutOfMemoryKills } from '@ebb/capture';
import { judged } from '../snapshot/exit-code.ts';
import { bringAgent, type WatchedProcess } from './bring-agent.ts';
import { inWatchPlace, type WatchPlace } from './place.ts';
import { Session, type WatchConclusion, type WatchOptions, type WatchSubject } from './session.ts';

/** What `ebb watch --pid PID` was asked for. */
export interface ProcessWatchOptions extends WatchOptions {
  readonly pid: number;
  readonly mayCollect: boolean;
  /** The owner consents to pauses: of collections at any time, and of a snapshot that cannot be forked. */
  readonly allowPause: boolean;
}

/** How often it is looked whether the process is still there. */
const LOOK_MS = 200;
/** How long the agent may take to go once it was asked; its thread may be busy. */
const LEAVE_MS = 5000;
/** The end of a process takes a while; an agent that is gone for longer is lost. */
const LOST_MS = 5000;

/**
 * Attaches to a process that was started without Ebb, watches it until it ends or the watch is to end, and tells what it
 * found. The process runs on as it was found, whatever becomes of Ebb.
 *
 * @throws {CliError} EBB_CLI_NOT_WATCHED, EBB_CLI_WATCHED_ALREADY, or when a folder or file cannot be used
 * @throws {CaptureError} when the process cannot be attached to, with the exit code that its kind ends with
 */
export async function watchProcess(options: ProcessWatchOptions): Promise<WatchConclusion> {
  return await inWatchPlace(options, async (place) => await new ProcessWatch(options, place).run());
}

class ProcessWatch implements WatchSubject {
  command: readonly string[] = [];
  readonly endings = 0;
  readonly consent: WatchSubject['consent'];
  readonly #options: ProcessWatchOptions;
  readonly #place: WatchPlace;
  readonly #session: Session;
  /** Aborted when the watch is to end. */
  readonly #over = new AbortController();
  #target: WatchedProcess | null = null;
  readonly #kills: () => number | null;
  #abandoned = false;
  #left = false;

  constructor(options: ProcessWatchOptions, place: WatchPlace) {
    const { mayCollect, allowPause } = options;
    this.consent = {
      collections: !mayCollect ? 'never' : allowPause ? 'whenever' : 'for evidence',
      method: allowPause ? 'auto' : 'fork',
      niceness: 10,
    };
    this.#options = options;
    this.#place = place;
    this.#kills = countOutOfMemoryKills(options.pid);
    this.#session = new Session(options, place, this);
  }

  get watched(): boolean {
    return this.#target !== null && !this.#over.signal.aborted && this.#target.isThere();
  }

  async run(): Promise<WatchConclusion> {
    const session = this.#session;
    return await session.guard(async () => {
      const target = await this.#attach();
      try {
        session.show();
        const found = await this.#untilOver(target);
        if (found !== 'gone') await this.#leave();
        await session.hearOut(() => !target.isThere());
        await session.finish(this.#abandoned);
        session.hide();
        return this.#conclude(target, found);
      } finally {
        await this.#leave(); // Ebb failed: nothing of it stays there
      }
    });
  }

  endedEarly(): string {
    return this.#target?.isThere() === true
      ? 'the watch ended before the last snapshot'
      : 'the process ended before the last snapshot';
  }

  onSignal(): void {
    // The program was not started by Ebb: signals to Ebb are none of its business.
  }

  onKill(): void {
    // Nor is its end.
  }

  onEnding(times: number): void {
    this.#over.abort();
    this.#abandoned = times >= 2;
  }

  onFinding(): void {
    if (this.#over.signal.aborted) return;
    this.#session.say('ebb: ending the watch, as --stop-on-finding asks; the process runs on');
    this.#over.abort();
  }

  onFailure(): string {
    this.#over.abort();
    return 'the watch ends; the process runs on';
  }

  async #attach(): Promise<WatchedProcess> {
    const { pid, intervalMs, keepSnapshots } = this.#options;
    try {
      const target = await bringAgent(this.#place, { pid, intervalMs, keepSnapshots, signal: this.#over.signal });
      this.#target = target;
      this.command = target.command;
      for (const what of target.left) this.#session.note(`in process ${pid} stays ${what}`);
      this.#session.say(
        `ebb: attached to process ${pid}: its main thread is watched (no worker threads, no child processes)`,
      );
      return target;
    } catch (error) {
      throw judged(error);
    }
  }

  /** How the watch came to its end. */
  async #untilOver(target: WatchedProcess): Promise<'gone' | 'left' | 'lost'> {
    let unheardMs = 0;
    while (!this.#over.signal.aborted) {
      if (!target.isThere()) return 'gone';
      if (unheardMs >= LOST_MS) return 'lost';
      await delay(LOOK_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
      unheardMs = this.#place.listener.agents.size > 0 ? 0 : unheardMs + LOOK_MS;
    }
    return target.isThere() ? 'left' : 'gone';
  }

  /** Has the agent end all that it has begun. Never throws. */
  async #leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    const { agents } = this.#place.listener;
    for (const agent of agents.values()) agent.leave();
    for (let waitedMs = 0; agents.size > 0 && waitedMs < LEAVE_MS && !this.#abandoned; waitedMs += 20) await delay(20);
    if (agents.size > 0) {
      this.#session.note(
        `the agent in process ${this.#options.pid} does not answer: it goes as soon as the main thread of the process is free`,
      );
    }
  }

  #conclude(target: WatchedProcess, found: 'gone' | 'left' | 'lost'): WatchConclusion {
    const session = this.#session;
    const { pid } = this.#options;
    if (found === 'lost') {
      session.note(
        `the agent in process ${pid} went away, and the process runs on: nothing more can be told of it (EBB_AGENT_GONE)`,
      );
    }
    const running = target.isThere();
    const exitCode = running ? null : session.exitCodeOf(pid);
    const kills = this.#kills();
    const killed = kills === null ? {} : { outOfMemoryKill: kills > 0 };
    if (!running) session.tellDeaths(() => ({ exitCode, signal: null, ...killed }));
    const concluded = session.conclude({ exitCode, signal: null, attached: true, running });
    return { ...concluded, failed: concluded.failed || found === 'lost' };
  }
}
