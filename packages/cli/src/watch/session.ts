import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEnd } from '@ebb/agent';
import { describeError } from '../errors/describe.ts';
import type { Collections } from '../evidence/machine.ts';
import { paceOf } from '../evidence/pace.ts';
import { chooseDisplay, stderrChalk, stderrWidth } from '../live/choose.ts';
import type { Display } from '../live/display.ts';
import type { ServerClient } from '../remote/server-client.ts';
import { describeCommand } from '../program/describe-command.ts';
import { SignalRelay } from '../program/signals.ts';
import { boundedReason } from '../report/bounded.ts';
import { capturedText } from '../report/evidence-text.ts';
import { deathSentence, deathText } from '../report/death-text.ts';
import { confirmedLeakText, type TextStyle } from '../report/finding-text.ts';
import { hintLines } from '../report/hint-text.ts';
import { watchReport, type WatchReport } from '../report/watch-report.ts';
import { writeReport } from '../report/write-file.ts';
import { summaryText } from '../report/summary.ts';
import { printable } from '../wording/printable.ts';
import { wrapLine } from '../wording/wrap.ts';
import { deathOf, exitCodeIn, recordFromSample, takeRecord, type LeftRecord } from './death.ts';
import { panelState } from './panel-state.ts';
import type { WatchPlace } from './place.ts';
import type { Series } from './series.ts';
import { ServerTeller } from './server-teller.ts';
import { Watcher } from './watcher.ts';

/** The end of the program comes so much later than that of its agents, at most. */
const OTHERS_END_MS = 1000;

/** Where evidence begins at once, nothing was seen yet of what comes and goes: its snapshots are further apart. */
const SUSPECTED_PACE = 3;

/** How long the end of a process's connection may take after its own. */
const HEAR_OUT_MS = 3000;

/** What both kinds of watches are asked for. */
export interface WatchOptions {
  readonly reportFile: string | null;
  readonly stopOnFinding: boolean;
  readonly live: boolean;
  readonly intervalMs: number;
  readonly keepSnapshots: string | null;
  /** See `WatcherOptions`. */
  readonly suspected: boolean;
  /** Whom to tell; null for nobody. */
  readonly server: ServerClient | null;
}

/** What is watched, as far as telling of it goes: a program that Ebb has started, or a process that ran already. */
export interface WatchSubject {
  readonly command: readonly string[];
  /** Whether it runs and is watched. */
  readonly watched: boolean;
  /** How often the program is being asked to end, for the panel. */
  readonly endings: number;
  /** What may be asked of it. */
  readonly consent: { readonly collections: Collections; readonly method: 'fork' | 'auto'; readonly niceness: number };
  /** See `WatcherOptions`. */
  endedEarly(): string;
  /** Ebb got a signal that is for the program. */
  onSignal(signal: NodeJS.Signals): void;
  /** Ebb was asked to end for the first, second, third time; with the third, `onKill` comes first. */
  onEnding(times: number): void;
  onKill(): void;
  /** A leak was confirmed and told, and --stop-on-finding given. */
  onFinding(): void;
  /** Ebb itself has failed. Says what becomes of the program. */
  onFailure(): string;
}

/** How a watch ended, as far as both kinds have it in common. */
export interface WatchConclusion {
  readonly leaked: boolean;
  /** The report could not be written, or Ebb failed. */
  readonly failed: boolean;
}

/** The part of a watch that tells: shows it while it lasts, and sums it up and reports it at its end. */
export class Session {
  readonly watcher: Watcher;
  readonly #options: WatchOptions;
  readonly #subject: WatchSubject;
  readonly #display: Display;
  readonly #style: TextStyle;
  readonly #startedAtMs = performance.now();
  readonly #notes: string[] = [];
  readonly #recordDirectory: string;
  /** Of processes that are gone, until it is told how they ended. */
  readonly #records = new Map<Series, LeftRecord>();
  readonly #teller: ServerTeller | null;
  #ticker: NodeJS.Timeout | undefined;
  #failed = false;
  /** The newest finding was told when the end had begun, so that it stands just above the summary. */
  #toldAtEnd = false;

  constructor(options: WatchOptions, { folder, store, listener }: WatchPlace, subject: WatchSubject) {
    this.#options = options;
    this.#recordDirectory = folder.path;
    this.#subject = subject;
    const chalk = stderrChalk();
    this.#style = { chalk, colour: chalk.level > 0, width: stderrWidth() };
    this.#display = chooseDisplay({ live: options.live, chalk });
    this.watcher = new Watcher({
      listener,
      store,
      pace: paceOf(options.intervalMs * (options.suspected ? SUSPECTED_PACE : 1)),
      intervalMs: options.intervalMs,
      suspected: options.suspected,
      ...subject.consent,
      recordDirectory: folder.path,
      endedEarly: () => subject.endedEarly(),
      now: () => performance.now(),
    });
    this.#listen();
    const { server } = options;
    this.#teller =
      server === null
        ? null
        : new ServerTeller({
            client: server,
            watcher: this.watcher,
            say: (text) => {
              this.say(text);
            },
            now: () => performance.now(),
          });
  }

  /** Does the work of a watch with signals, the terminal and Ebb's own failures taken care of. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    const relay = this.#relay();
    const cleanUp = (): void => {
      this.hide();
    };
    const onInternal = (error: unknown): void => {
      this.#onInternalError(error);
    };
    relay.start();
    process.on('exit', cleanUp);
    process.on('uncaughtException', onInternal);
    try {
      return await work();
    } finally {
      this.hide();
      relay.stop();
      process.off('exit', cleanUp);
      process.off('uncaughtException', onInternal);
    }
  }

  /** Shows the watch from now on. */
  show(): void {
    this.#display.start();
    const everyMs = Math.min(500, this.#options.intervalMs);
    this.#ticker = setInterval(() => {
      this.refresh();
    }, everyMs);
  }

  /** Gives the terminal back. Harmless when repeated. */
  hide(): void {
    clearInterval(this.#ticker);
    this.#display.stop();
  }

  refresh(): void {
    const { command, endings } = this.#subject;
    const elapsedMs = performance.now() - this.#startedAtMs;
    this.#display.refresh(panelState(this.watcher.series, describeCommand(command), elapsedMs, endings));
  }

  say(text: string): void {
    this.#display.say(text);
  }

  /** Steps of the work: lines in a log; the live panel shows them by itself. */
  log(text: string): void {
    if (!this.#options.live || !process.stderr.isTTY) this.#display.say(`ebb: ${text}`);
  }

  /** What a person should know, and the report keeps. */
  note(text: string): void {
    this.#notes.push(text);
    this.#display.say(text.startsWith('ebb: ') ? text : `ebb: ${text}`);
  }

  /** Waits until the agents of processes that are gone have been heard to their end: a socket tells of it later. */
  async hearOut(isGone: (pid: number) => boolean): Promise<void> {
    const unheard = (): boolean => this.watcher.series.some(({ alive, agent }) => alive && isGone(agent.hello.pid));
    for (let waitedMs = 0; unheard() && waitedMs < HEAR_OUT_MS; waitedMs += 10) await delay(10);
  }

  /** Waits for the analyses under way, and until the server was told. */
  async finish(givenUp: boolean): Promise<void> {
    if (this.watcher.busy && !givenUp) this.log('finishing the comparison of the snapshots (Ctrl-C gives it up)');
    await this.watcher.finish();
    await this.#teller?.close();
  }

  /** Tells what the processes that have died were known to do just before; `endOf` says how one of them ended. */
  tellDeaths(endOf: (pid: number) => ProcessEnd): void {
    for (const series of [...this.#records.keys()]) this.#tellDeath(series, endOf(series.agent.hello.pid));
  }

  /** The exit code that a process has noted when it ended in order; null where it did not. */
  exitCodeOf(pid: number): number | null {
    const found = [...this.#records].find(([series]) => series.agent.hello.pid === pid);
    return found === undefined ? null : exitCodeIn(found[1]);
  }

  /** Sums up, and writes the report. */
  conclude(program: WatchReport['program']): WatchConclusion {
    const { command } = this.#subject;
    const processes = this.watcher.series.map((series) => series.toReport());
    const report = watchReport({
      command,
      program,
      watchedMs: Math.round(performance.now() - this.#startedAtMs),
      processes,
      notes: this.#notes,
    });
    if (processes.length > 0) {
      const text = summaryText(report, describeCommand(command), this.#style, { toldAbove: this.#toldAtEnd });
      process.stderr.write(`${text}\n`);
    }
    return { leaked: report.verdict === 'leak', failed: !this.#write(report) || this.#failed };
  }

  #write(report: WatchReport): boolean {
    const { reportFile } = this.#options;
    if (reportFile === null) return true;
    try {
      writeReport(reportFile, report);
      return true;
    } catch (error) {
      process.stderr.write(`${describeError(error).text}\n`);
      return false;
    }
  }

  #relay(): SignalRelay {
    const subject = this.#subject;
    return new SignalRelay({
      send: (signal) => {
        subject.onSignal(signal);
      },
      kill: () => {
        subject.onKill();
        this.watcher.abandon();
      },
      onEnding: (times) => {
        if (times >= 2 || !subject.watched) this.watcher.abandon();
        subject.onEnding(times);
        this.refresh();
      },
      onSuspend: () => {
        this.#display.suspend();
      },
      onResume: () => {
        this.#display.resume();
      },
    });
  }

  #listen(): void {
    const { watcher } = this;
    const seen = new Set<number>();
    watcher.on('connected', ({ agent: { hello }, command }) => {
      if (seen.has(hello.pid) || seen.size > 20) return;
      seen.add(hello.pid);
      this.log(
        `watching process ${hello.pid} (${command}, Node.js ${printable(hello.nodeVersion).replace(/^v/u, '')})`,
      );
      this.refresh();
    });
    watcher.on('capturing', (series, ordinal, of) => {
      this.log(`${who(series)} grows: taking snapshot ${ordinal} of ${of}`);
      this.refresh();
    });
    watcher.on('captured', (_series, capture) => {
      this.log(capturedText(capture));
      this.refresh();
    });
    watcher.on('analysing', (_series, snapshots) => {
      this.log(`comparing ${snapshots} snapshots`);
      this.refresh();
    });
    watcher.on('trouble', (_series, { code, message, next }) => {
      const more = next === null ? '' : `\n     ${printable(next)}`;
      this.say(`ebb: ${printable(message)} (${printable(code)})${more}`);
    });
    watcher.on('ended', (series) => {
      const { pid, threadId } = series.agent.hello;
      if (threadId !== 0) return;
      const record = takeRecord(this.#recordDirectory, pid);
      this.#records.set(series, record ?? recordFromSample(series));
      if (record === null) return;
      // A process of several, while the program goes on. The end of the program itself is known in a moment.
      setTimeout(() => {
        if (this.#subject.watched) this.#tellDeath(series, { exitCode: null, signal: null });
      }, OTHERS_END_MS).unref();
    });
    watcher.on('concluded', (series, conclusion) => {
      const watchingOn = this.#subject.watched ? '; watching on' : '';
      if (conclusion.kind === 'confirmed') {
        const { judgement, findings, captures, floorBytes } = series;
        if (judgement === null) return;
        const { report } = conclusion;
        const afterMs = series.detectedAfterMs ?? 0;
        const { trend } = judgement;
        const told = {
          who: `${who(series)} (${series.command})`,
          afterMs,
          trend,
          floorBytes,
          report,
          findings,
          captures,
        };
        this.say(confirmedLeakText(told, this.#style));
        this.#toldAtEnd = this.#options.stopOnFinding || !this.#subject.watched;
        if (this.#options.stopOnFinding) this.#subject.onFinding();
      } else if (conclusion.kind === 'narrowed') {
        const { hint } = series;
        if (hint === null) return;
        this.say(`ebb: SUSPECT in ${who(series)}: it grows, and no snapshot could be taken${watchingOn}`);
        for (const line of hintLines(hint)) this.say(wrapLine(line, this.#style.width, 9));
      } else if (conclusion.kind === 'bounded') {
        this.say(`ebb: no leak in ${who(series)}: ${boundedReason(conclusion.report)}${watchingOn}`);
      } else {
        const word = conclusion.kind === 'retracted' ? 'taken back: no leak' : 'no leak confirmed';
        this.say(`ebb: ${word} in ${who(series)}: ${printable(conclusion.reason)}${watchingOn}`);
      }
      this.refresh();
    });
  }

  #tellDeath(series: Series, end: ProcessEnd): void {
    const record = this.#records.get(series);
    if (record === undefined) return;
    this.#records.delete(series);
    const death = deathOf(series, record, end);
    // Programs of several processes end some of them by a signal, in order.
    if (death === null || (this.#subject.watched && death.cause === 'killed' && !death.sure)) return;
    const { pid } = series.agent.hello;
    series.death = death;
    series.notes.push(`process ${pid} ${deathSentence(death)}`);
    this.say(deathText({ pid, command: series.command }, death, this.#style));
  }

  /** A bug of Ebb's must not take the program down: it runs on, and Ebb says so. */
  #onInternalError(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.watcher.detach();
    this.hide();
    this.note(`${describeError(error).text}\n     ${this.#subject.onFailure()}`);
  }
}

function who(series: Series): string {
  const { pid, threadId } = series.agent.hello;
  return `process ${pid}${threadId === 0 ? '' : `, thread ${threadId}`}`;
}
