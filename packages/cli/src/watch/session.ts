import { setTimeout as delay } from 'node:timers/promises';
import { createAgentListener, preloadOptions, type AgentListener } from '@ebb/agent';
import { CLI_ERRORS } from '../errors/registry.ts';
import { describeError } from '../errors/describe.ts';
import { paceOf } from '../evidence/pace.ts';
import { chooseDisplay, stderrChalk, stderrWidth } from '../live/choose.ts';
import type { Display } from '../live/display.ts';
import { describeCommand } from '../program/describe-command.ts';
import { startProgram, type Program, type ProgramEnd } from '../program/program.ts';
import { SignalRelay } from '../program/signals.ts';
import { boundedReason } from '../report/bounded.ts';
import { capturedText } from '../report/evidence-text.ts';
import { confirmedLeakText, type TextStyle } from '../report/finding-text.ts';
import { watchReport, type WatchReport } from '../report/watch-report.ts';
import { checkReportPlace, writeReport } from '../report/write-file.ts';
import { summaryText } from '../report/summary.ts';
import { printable } from '../wording/printable.ts';
import { exhaustedHeap } from './exhausted-heap.ts';
import { panelState } from './panel-state.ts';
import type { Series } from './series.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { sweepAbandonedFolders, TemporaryFolder } from './temporary-folder.ts';
import { Watcher } from './watcher.ts';

/** What `ebb watch` was asked for. */
export interface WatchOptions {
  readonly command: readonly string[];
  readonly reportFile: string | null;
  readonly failOnLeak: boolean;
  readonly stopOnFinding: boolean;
  readonly live: boolean;
  readonly intervalMs: number;
  readonly keepSnapshots: string | null;
  readonly mayCollect: boolean;
}

/** How a watch ended. */
export interface WatchOutcome {
  readonly end: ProgramEnd;
  readonly leaked: boolean;
  /** Ebb itself ended the program after the finding (--stop-on-finding): its end by that signal is no failure. */
  readonly stopped: boolean;
  /** The report could not be written, or Ebb failed. */
  readonly failed: boolean;
}

/** A program that was asked to end by Ebb itself gets so long before it is killed. */
const STOP_GRACE_MS = 10_000;

/**
 * Starts a program with the agent in it, watches it to its end, and tells what it found. Nothing of Ebb's stays behind
 * on any way out: the terminal is restored, snapshots and the socket are removed, the program has ended.
 *
 * @throws {CliError} when the program could not be started, or a folder or file cannot be used
 */
export async function watchProgram(options: WatchOptions): Promise<WatchOutcome> {
  if (options.reportFile !== null) checkReportPlace(options.reportFile);
  sweepAbandonedFolders();
  const folder = new TemporaryFolder();
  const removeFolder = (): void => {
    folder.remove();
  };
  process.on('exit', removeFolder);
  try {
    const store = new SnapshotStore({ temporary: folder.path, keep: options.keepSnapshots });
    const listener = await createAgentListener({ parentDirectory: folder.path });
    try {
      return await new Session(options, store, listener).run();
    } finally {
      await listener.stop();
    }
  } finally {
    folder.remove();
    process.off('exit', removeFolder);
  }
}

class Session {
  readonly #options: WatchOptions;
  readonly #listener: AgentListener;
  readonly #store: SnapshotStore;
  readonly #watcher: Watcher;
  readonly #display: Display;
  readonly #style: TextStyle;
  readonly #startedAtMs = performance.now();
  readonly #notes: string[] = [];
  #program: Program | null = null;
  #endings = 0;
  #stopping = false;
  #internalError = false;
  /** The agent is to be in the program; if not, why was said. */
  #attached = true;
  /** The newest finding was told when the end had begun, so that it stands just above the summary. */
  #toldAtEnd = false;

  constructor(options: WatchOptions, store: SnapshotStore, listener: AgentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#store = store;
    const chalk = stderrChalk();
    this.#style = { chalk, colour: chalk.level > 0, width: stderrWidth() };
    this.#display = chooseDisplay({ live: options.live, chalk });
    this.#watcher = new Watcher({
      listener,
      store,
      pace: paceOf(options.intervalMs),
      intervalMs: options.intervalMs,
      mayCollect: options.mayCollect,
      // Whoever starts a program to have it watched wants to know what leaks; a program that runs already is another's.
      method: 'auto',
      niceness: 5, // and waits for it: the program still comes first where the CPU is short
      now: () => performance.now(),
    });
  }

  async run(): Promise<WatchOutcome> {
    const preload = preloadOptions(this.#options.command, process.env, {
      snapshotDirectory: this.#store.directory,
    });
    this.#attached = preload.attached;
    if (preload.reason !== undefined) this.#note(preload.reason);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      EBB_AGENT_SOCKET: this.#listener.socketPath,
      NODE_OPTIONS: preload.nodeOptions,
    };
    if (preload.nodeOptions === undefined) delete env['NODE_OPTIONS'];
    // Before the program starts, so that no signal finds Ebb unprepared and leaves the program behind.
    const relay = this.#relay();
    const cleanUp = (): void => {
      this.#display.stop();
    };
    const onInternal = (error: unknown): void => {
      this.#onInternalError(error);
    };
    relay.start();
    process.on('exit', cleanUp);
    process.on('uncaughtException', onInternal);
    try {
      const program = await startProgram(preload.command, env);
      this.#program = program;
      if (this.#endings > 0) program.signal('SIGTERM'); // asked to end while the program was being started
      this.#listen();
      this.#display.start();
      const ticker = setInterval(
        () => {
          this.#refresh();
        },
        Math.min(500, this.#options.intervalMs),
      );
      const end = await program.ended;
      await this.#settle();
      clearInterval(ticker);
      this.#display.stop();
      return this.#conclude(end);
    } finally {
      if (this.#program?.end === null) this.#signalAll('SIGTERM'); // Ebb failed: nothing may run on unwatched
      this.#display.stop();
      relay.stop();
      process.off('exit', cleanUp);
      process.off('uncaughtException', onInternal);
    }
  }

  #relay(): SignalRelay {
    return new SignalRelay({
      send: (signal) => this.#program?.signal(signal),
      kill: () => {
        this.#signalAll('SIGKILL');
        this.#watcher.abandon();
      },
      onEnding: (times) => {
        this.#endings = times;
        const running = this.#program?.end === null;
        if (times >= 2 || !running) this.#watcher.abandon();
        if (running) {
          if (times === 2) this.#display.say('ebb: sent SIGTERM to the program; once more kills it');
          if (times >= 3) this.#display.say('ebb: killed the program');
        }
        this.#refresh();
      },
      onSuspend: () => {
        this.#display.suspend();
      },
      onResume: () => {
        this.#display.resume();
      },
    });
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

  #listen(): void {
    const watcher = this.#watcher;
    const seen = new Set<number>();
    watcher.on('connected', ({ agent: { hello }, command }) => {
      if (seen.has(hello.pid) || seen.size > 20) return;
      seen.add(hello.pid);
      this.#log(
        `watching process ${hello.pid} (${command}, Node.js ${printable(hello.nodeVersion).replace(/^v/u, '')})`,
      );
      this.#refresh();
    });
    watcher.on('capturing', (series, ordinal, of) => {
      this.#log(`${this.#who(series)} grows: taking snapshot ${ordinal} of ${of}`);
      this.#refresh();
    });
    watcher.on('captured', (_series, capture) => {
      this.#log(capturedText(capture));
      this.#refresh();
    });
    watcher.on('analysing', (_series, snapshots) => {
      this.#log(`comparing ${snapshots} snapshots`);
      this.#refresh();
    });
    watcher.on('trouble', (_series, { code, message, next }) => {
      this.#display.say(
        `ebb: ${printable(message)} (${printable(code)})${next === null ? '' : `\n     ${printable(next)}`}`,
      );
    });
    watcher.on('concluded', (series, conclusion) => {
      if (conclusion.kind === 'confirmed') {
        const { judgement, findings, captures, floorBytes } = series;
        if (judgement === null) return;
        const who = `${this.#who(series)} (${series.command})`;
        this.#display.say(
          confirmedLeakText(
            {
              who,
              afterMs: series.detectedAfterMs ?? 0,
              trend: judgement.trend,
              floorBytes,
              report: conclusion.report,
              findings,
              captures,
            },
            this.#style,
          ),
        );
        this.#toldAtEnd = this.#options.stopOnFinding || this.#program?.end !== null;
        if (this.#options.stopOnFinding) this.#stop();
      } else if (conclusion.kind === 'bounded') {
        this.#display.say(
          `ebb: no leak in ${this.#who(series)}: ${boundedReason(conclusion.report)}${this.#watchingOn()}`,
        );
      } else {
        const word = conclusion.kind === 'retracted' ? 'taken back: no leak' : 'no leak confirmed';
        this.#display.say(`ebb: ${word} in ${this.#who(series)}: ${printable(conclusion.reason)}${this.#watchingOn()}`);
      }
      this.#refresh();
    });
  }

  #watchingOn(): string {
    return this.#program?.end === null ? '; watching on' : '';
  }

  #stop(): void {
    if (this.#stopping || this.#program === null) return;
    this.#stopping = true;
    this.#display.say('ebb: ending the program, as --stop-on-finding asks');
    this.#signalAll('SIGTERM');
    setTimeout(() => {
      this.#signalAll('SIGKILL');
    }, STOP_GRACE_MS).unref();
  }

  /** After the program's end: what is left of it ends too when it was asked to, and analyses under way come to their end. */
  async #settle(): Promise<void> {
    await delay(20); // the last lines from the socket
    if (this.#stopping || this.#endings > 0) await this.#endRemains();
    if (this.#watcher.busy && this.#endings < 2)
      this.#log('finishing the comparison of the snapshots (Ctrl-C gives it up)');
    await this.#watcher.finish();
  }

  /** npm and shells end at a signal without passing it on: the processes that they had started would run on for ever. */
  async #endRemains(): Promise<void> {
    const { agents } = this.#listener;
    if (agents.size === 0) return;
    this.#signalAll('SIGTERM');
    const untilMs = performance.now() + STOP_GRACE_MS;
    while (agents.size > 0 && performance.now() < untilMs && this.#endings < 3) await delay(20);
    this.#signalAll('SIGKILL');
  }

  #conclude(end: ProgramEnd): WatchOutcome {
    const { command, reportFile } = this.#options;
    const processes = this.#watcher.series.map((series) => series.toReport());
    if (processes.length === 0) {
      const entry = CLI_ERRORS.EBB_CLI_NO_NODE_PROCESS;
      const hint = this.#attached ? `\n     ${entry.next}` : '';
      this.#note(`no Node.js process connected: nothing was judged (EBB_CLI_NO_NODE_PROCESS)${hint}`);
    }
    const exhausted = exhaustedHeap(end, this.#watcher.series);
    if (exhausted !== null) this.#note(exhausted);
    const report = watchReport({
      command,
      program: { exitCode: end.code, signal: end.signal },
      watchedMs: Math.round(performance.now() - this.#startedAtMs),
      processes,
      notes: this.#notes,
    });
    if (processes.length > 0) {
      const text = summaryText(report, describeCommand(command), this.#style, { toldAbove: this.#toldAtEnd });
      process.stderr.write(`${text}\n`);
    }
    return {
      end,
      leaked: report.verdict === 'leak',
      stopped: this.#stopping,
      failed: !this.#write(reportFile, report) || this.#internalError,
    };
  }

  #write(file: string | null, report: WatchReport): boolean {
    if (file === null) return true;
    try {
      writeReport(file, report);
      return true;
    } catch (error) {
      process.stderr.write(`${describeError(error).text}\n`);
      return false;
    }
  }

  /** A bug of Ebb's must not take the program down: it runs on, and Ebb says so. */
  #onInternalError(error: unknown): void {
    if (this.#internalError) return;
    this.#internalError = true;
    this.#watcher.detach();
    this.#display.stop();
    this.#note(`${describeError(error).text}\n     the program runs on; Ebb waits for its end`);
  }

  #refresh(): void {
    this.#display.refresh(
      panelState(
        this.#watcher.series,
        describeCommand(this.#options.command),
        performance.now() - this.#startedAtMs,
        this.#endings,
      ),
    );
  }

  #who(series: Series): string {
    const { pid, threadId } = series.agent.hello;
    return `process ${pid}${threadId === 0 ? '' : `, thread ${threadId}`}`;
  }

  /** Steps of the work: lines in a log; the live panel shows them by itself. */
  #log(text: string): void {
    if (!this.#options.live || !process.stderr.isTTY) this.#display.say(`ebb: ${text}`);
  }

  #note(text: string): void {
    this.#notes.push(text);
    this.#display.say(text.startsWith('ebb: ') ? text : `ebb: ${text}`);
  }
}
