/** A process while Ebb is attached to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError } from '../error.ts';
import { holdExpression, holdTickMs, longestLeftMs } from './hold.ts';
import { isClosed, type InspectorPlace } from './open-inspector.ts';
import { AnswerTimeout, ProtocolError, recordOf, type AnswerOptions, type ProtocolSession } from './protocol.ts';
import { isStillThere, type TargetProcess } from './target-process.ts';

/** Everything that Ebb is given by the inspector is in this group, and is let go of together. */
const objectGroup = 'ebb';

/** How long it is waited that the inspector closes. */
const closingMs = 2000;

/** What stays in the process after Ebb has gone; each in words. */
export interface Departure {
  left: string[];
}

/** The line to a process: evaluates there, and calls what was put there. */
export class ProcessLine {
  readonly target: TargetProcess;
  readonly place: InspectorPlace;
  /** In words; each is told at the end. */
  readonly left: Set<string> = new Set();
  readonly #session: ProtocolSession;
  readonly #timeoutMs: number;
  readonly #heart: NodeJS.Timeout;
  #holdId: string | null = null;
  #departure: Promise<Departure> | null = null;
  #broken: Error | null = null;

  constructor(target: TargetProcess, place: InspectorPlace, session: ProtocolSession, timeoutMs: number) {
    this.target = target;
    this.place = place;
    this.#session = session;
    this.#timeoutMs = timeoutMs;
    void session.ended.then((error) => {
      this.#broken = error;
    });
    this.#heart = setInterval(() => this.#tellHold('function () { this.beat(); }'), holdTickMs).unref();
  }

  get #openedPort(): number | null {
    return this.place.openedHere ? this.place.port : null;
  }

  /** Puts the clock there that closes the inspector should Ebb go away without a word. */
  async install(options: AnswerOptions): Promise<void> {
    const params = { expression: holdExpression(this.#openedPort), includeCommandLineAPI: true, objectGroup };
    this.#holdId = String(recordOf(await this.#result('Runtime.evaluate', params, options))['objectId']);
  }

  /**
   * @returns the value of an expression, or of the promise that it gives
   * @throws {CaptureError} EBB_CAPTURE_TARGET when it throws there, EBB_CAPTURE_NO_ANSWER, EBB_CAPTURE_LOST, EBB_CAPTURE_ABORTED
   */
  async evaluate(expression: string, options: AnswerOptions = {}): Promise<unknown> {
    const watched = `(${watch.toString()})(() => (${expression}\n))`;
    return await this.#value('Runtime.evaluate', { expression: watched, includeCommandLineAPI: true }, options);
  }

  /** Calls a function, given as text, with the hold as `this`. */
  async callOnHold(functionDeclaration: string, args: readonly unknown[], options: AnswerOptions): Promise<unknown> {
    const watched = `function (...args) { return (${watch.toString()})(() => (${functionDeclaration}).apply(this, args)); }`;
    const params = {
      functionDeclaration: watched,
      objectId: this.#holdId,
      arguments: args.map((value) => ({ value })),
    };
    return await this.#value('Runtime.callFunctionOn', params, options);
  }

  /** Calls off what is under way there. */
  callOff(): void {
    this.#tellHold('function () { this.callOff(); }');
  }

  /** A command of the inspector; events go to `onEvent` until it is answered. */
  async command(
    method: string,
    params: Record<string, unknown>,
    onEvent: { name: string; handle: (params: Record<string, unknown>) => Promise<void> },
    options: AnswerOptions,
  ): Promise<void> {
    this.#session.on(onEvent.name, onEvent.handle);
    try {
      await this.#send(method, params, { timeoutMs: undefined, ...options });
    } finally {
      this.#session.on(onEvent.name, null);
    }
  }

  /** Goes, and leaves the process as it was found. Never throws. */
  async close(): Promise<Departure> {
    return await (this.#departure ??= this.#depart());
  }

  async #depart(): Promise<Departure> {
    clearInterval(this.#heart);
    const { target, place } = this;
    const wasBroken = this.#broken !== null;
    if (!wasBroken) await this.#release();
    // The inspector ends the connection. Ended from both sides at once, it has crashed processes of Node.js 20 and 26.
    if (place.openedHere) await Promise.race([this.#session.ended, sleep(closingMs, undefined, { ref: false })]);
    this.#session.close();
    const departure = (): Departure => ({ left: isStillThere(target) ? [...this.left] : [] });
    if (!place.openedHere) return departure();
    for (let waited = 0; waited < closingMs; waited += 20) {
      if (!isStillThere(target) || isClosed(target.pid, place)) return departure();
      if (wasBroken) break;
      await sleep(20);
    }
    const when = wasBroken
      ? `it closes by itself within ${longestLeftMs / 1000} s`
      : 'it closes as soon as the main thread of the process is free';
    this.left.add(`the inspector on ${place.host}:${place.port}: ${when}`);
    return departure();
  }

  async #release(): Promise<void> {
    const release = 'function () { this.release(); }';
    try {
      if (this.#holdId === null) {
        const expression = `${holdExpression(this.#openedPort)}.release()`;
        await this.#session.send('Runtime.evaluate', { expression, includeCommandLineAPI: true }, { timeoutMs: 1000 });
        return;
      }
      const params = { functionDeclaration: release, objectId: this.#holdId };
      await this.#session.send('Runtime.callFunctionOn', params, { timeoutMs: 1000 });
    } catch {
      // Not answered: the command waits in the process until its thread is free, also when the connection is gone.
    }
  }

  #tellHold(functionDeclaration: string): void {
    if (this.#holdId === null || this.#broken !== null) return;
    this.#session.tell('Runtime.callFunctionOn', { functionDeclaration, objectId: this.#holdId });
  }

  /**
   * The value in a cell, as soon as it is there. It is looked at again and again: `Runtime.awaitPromise` loses promises
   * that V8 collects, and whoever hangs on a promise only by that command does not keep it.
   */
  async #value(method: string, params: Record<string, unknown>, options: AnswerOptions): Promise<unknown> {
    const cell = await this.#result(method, { ...params, objectGroup }, options);
    const { timeoutMs = this.#timeoutMs } = 'timeoutMs' in options ? { timeoutMs: options.timeoutMs ?? Infinity } : {};
    const deadline = performance.now() + timeoutMs;
    for (let waitMs = 2; performance.now() < deadline; waitMs = Math.min(100, waitMs * 2)) {
      const { value } = await this.#called(String(cell['objectId']), 'function () { return this; }', true, options);
      const { done, failed, result } = recordOf(value);
      if (typeof failed === 'string') throw this.#thrown(failed);
      if (done === true) return result;
      await sleep(waitMs);
    }
    throw this.#explained(
      new AnswerTimeout(`its promise did not settle within ${timeoutMs} ms`),
      options.signal,
      false,
    );
  }

  async #called(
    objectId: string,
    functionDeclaration: string,
    returnByValue: boolean,
    options: AnswerOptions,
  ): Promise<Record<string, unknown>> {
    const params = { objectId, functionDeclaration, returnByValue, objectGroup };
    return await this.#result('Runtime.callFunctionOn', params, options);
  }

  #thrown(said: string): CaptureError {
    return new CaptureError(
      'EBB_CAPTURE_TARGET',
      `What was evaluated in process ${this.target.pid} threw: ${said.split('\n')[0] ?? ''}.`,
    );
  }

  async #result(
    method: string,
    params: Record<string, unknown>,
    options: AnswerOptions,
  ): Promise<Record<string, unknown>> {
    const answer = await this.#send(method, params, options);
    if (answer['exceptionDetails'] === undefined) return recordOf(answer['result']);
    const { exception, text } = recordOf(answer['exceptionDetails']);
    const { description, value } = recordOf(exception);
    const said = typeof description === 'string' ? description : `${String(text)} ${String(value)}`;
    throw this.#thrown(said);
  }

  async #send(
    method: string,
    params: Record<string, unknown>,
    options: AnswerOptions,
  ): Promise<Record<string, unknown>> {
    try {
      return await this.#session.send(method, params, { timeoutMs: this.#timeoutMs, ...options });
    } catch (cause) {
      // A connection breaks a moment before its process is gone.
      for (let waited = 0; this.#broken !== null && waited < 250 && isStillThere(this.target); waited += 10)
        await sleep(10);
      throw this.#explained(cause, options.signal, !isStillThere(this.target));
    }
  }

  #explained(cause: unknown, signal: AbortSignal | undefined, gone: boolean): CaptureError {
    const { pid } = this.target;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (signal?.aborted === true) return calledOff(pid, cause);
    if (cause instanceof AnswerTimeout) {
      return new CaptureError(
        'EBB_CAPTURE_NO_ANSWER',
        `The main thread of process ${pid} did not answer (${message}). It is stuck in something that is not JavaScript, or the machine is overloaded. Try again later.`,
        { cause },
      );
    }
    if (cause instanceof ProtocolError) {
      return new CaptureError('EBB_CAPTURE_TARGET', `The inspector of process ${pid} refused: ${message}.`, { cause });
    }
    return new CaptureError(
      'EBB_CAPTURE_LOST',
      gone
        ? `Process ${pid} ended while Ebb was attached to it.`
        : `The connection to process ${pid} broke (${message}). The process goes on. Try again.`,
      { cause },
    );
  }
}

/** The error of whoever called it off. */
export function calledOff(pid: number, cause?: unknown): CaptureError {
  return new CaptureError('EBB_CAPTURE_ABORTED', `Attaching to process ${pid} was called off.`, { cause });
}

/**
 * Runs in the process; must not refer to anything outside of itself. A promise is handled in the same turn in which it
 * is made: one that is rejected and not handled would end the program.
 */
function watch(run: () => unknown): { done: boolean } {
  const cell: { done: boolean; result?: unknown; failed?: string } = { done: false };
  const result = run();
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function')
    return { done: true, result } as { done: boolean };
  Promise.resolve(result).then(
    (value) => {
      cell.result = value;
      cell.done = true;
    },
    (error: unknown) => {
      cell.failed = String(error);
    },
  );
  return cell;
}
