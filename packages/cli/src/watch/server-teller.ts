/**
 * Tells a server of `ebb up` what a watch sees and finds: telemetry as the agent would send it by itself, and confirmed
 * findings. In Ebb's process; the program has nothing to do with it. A server that is away costs the watch nothing:
 * telemetry of that time is lost, findings wait, and it is said once.
 */
import { requestOfWatched, resourceOfWatched, type ResourceAttributes } from '@ebb/agent';
import { describeError } from '../errors/describe.ts';
import type { ServerClient } from '../remote/server-client.ts';
import { ServerRefusal } from '../remote/server-refusal.ts';
import { findingsBody } from './findings-body.ts';
import { environmentOf } from './environment-of.ts';
import type { Series } from './series.ts';
import type { Watcher } from './watcher.ts';

/** Between two words on a process whose verdict stays. */
const EVERY_MS = 10_000;
/** What starts and ends at once, and the package manager before the program, need not be told of. */
const FIRST_AFTER_MS = 3000;
/** How long the end of the watch waits for what is still to be told. */
const LAST_WORDS_MS = 5000;
/** Of findings, processes and threads: what waits is bounded. */
const MOST_WAITING = 50;

const scope = { name: 'ebb watch', version: '1' };

/** What a teller works with. */
export interface ServerTellerOptions {
  readonly client: Pick<ServerClient, 'send' | 'address'>;
  readonly watcher: Watcher;
  /** Words for a person. */
  say(text: string): void;
  /** Any monotonic clock. */
  now(): number;
}

interface Told {
  readonly atMs: number;
  readonly verdict: Series['verdict'];
}

/** What is to be sent, the newest word on a process in place of the one before. */
type Word = { readonly path: string; readonly body: object; readonly said: string | null };

/** Tells while the watch lasts, one request at a time. */
export class ServerTeller {
  readonly #options: ServerTellerOptions;
  // Nothing is kept of a process that the watcher has forgotten.
  readonly #resources = new WeakMap<Series, ResourceAttributes>();
  readonly #firstSeenMs = new WeakMap<Series, number>();
  readonly #told = new WeakMap<Series, Told>();
  readonly #waiting = new Map<string, Word>();
  #sending: Promise<void> | null = null;
  #restUntilMs = 0;
  #saidAway = false;
  readonly #abort = new AbortController();
  #closed = false;

  constructor(options: ServerTellerOptions) {
    this.#options = options;
    const { watcher } = options;
    watcher.on('sampled', (series) => {
      this.#sampled(series);
    });
    watcher.on('ended', (series) => {
      if (this.#told.has(series)) this.#tell(series, true);
    });
    watcher.on('concluded', (series, conclusion) => {
      if (conclusion.kind !== 'confirmed') return;
      // First who it is and that it leaks, then what: the finding leads an incident that is there.
      this.#tell(series, !series.alive);
      this.#find(series);
    });
  }

  /** Sends what is left, for some seconds at most, and nothing any more. Never throws. */
  async close(): Promise<void> {
    this.#restUntilMs = 0;
    this.#send();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS_MS);
    });
    await Promise.race([this.#sending ?? Promise.resolve(), late]);
    clearTimeout(timer);
    this.#closed = true;
    this.#abort.abort();
    const findings = [...this.#waiting.values()].filter(({ said }) => said !== null).length;
    if (findings > 0) this.#options.say(`ebb: ${this.#options.client.address} was not told what was found`);
    this.#waiting.clear();
  }

  #sampled(series: Series): void {
    const nowMs = this.#options.now();
    const told = this.#told.get(series);
    const sinceMs = this.#firstSeenMs.get(series) ?? nowMs;
    this.#firstSeenMs.set(series, sinceMs);
    const isDue = told === undefined ? nowMs - sinceMs >= FIRST_AFTER_MS : nowMs - told.atMs >= EVERY_MS;
    if ((isDue || (told !== undefined && told.verdict !== series.verdict)) && this.#isTold(series))
      this.#tell(series, false);
    else if (this.#waiting.size > 0) this.#send();
  }

  /** Where some processes serve requests, those that only started them are nobody's service. */
  #isTold(series: Series): boolean {
    if (series.verdict === 'leak' || series.verdict === 'native') return true;
    const serves = ({ latest }: Series): boolean => (latest?.sample.requests ?? null) !== null;
    return serves(series) || !this.#options.watcher.series.some(serves);
  }

  #resourceOf(series: Series): ResourceAttributes {
    const known = this.#resources.get(series);
    if (known !== undefined) return known;
    const { hello } = series.agent;
    const resource = resourceOfWatched(hello, environmentOf(hello.pid));
    this.#resources.set(series, resource);
    return resource;
  }

  #tell(series: Series, ended: boolean): void {
    const { latest, judgement, verdict, agent } = series;
    if (latest === null || judgement === null) return;
    // Two who tell of one process would be two processes, and contradict each other.
    if (agent.hello.instanceId !== undefined) return;
    const resource = this.#resourceOf(series);
    this.#told.set(series, { atMs: this.#options.now(), verdict });
    const moment = { hello: agent.hello, message: latest, judgement: { ...judgement, verdict }, ended };
    this.#put(`telemetry ${agent.key}`, {
      path: '/v1/metrics',
      body: requestOfWatched(resource, scope, moment),
      said: null,
    });
    if (ended) this.#told.delete(series);
  }

  #find(series: Series): void {
    // The watch counts on its own clock; told again, a capture has the same time.
    const captures = series.captures.map(({ kind, atMs, pauseMs }) => ({
      ...{ kind, pauseMs },
      takenMs: Math.round(performance.timeOrigin + atMs),
    }));
    const body = findingsBody(this.#resourceOf(series), series.toReport(), captures);
    if (body === null) return;
    const said = `ebb: told ${this.#options.client.address} what was found`;
    this.#put(`findings ${series.agent.key}`, { path: '/api/v1/findings', body, said });
  }

  #put(key: string, word: Word): void {
    if (this.#closed || (!this.#waiting.has(key) && this.#waiting.size >= MOST_WAITING)) return;
    this.#waiting.set(key, word);
    this.#send();
  }

  #send(): void {
    if (this.#sending !== null || this.#waiting.size === 0 || this.#options.now() < this.#restUntilMs) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = null;
    });
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined && !this.#closed; next = this.#next()) {
      const [key, word] = next;
      try {
        await this.#options.client.send('POST', word.path, word.body, this.#abort.signal);
        this.#done(key, word);
        if (word.said !== null) this.#options.say(word.said);
      } catch (error) {
        const isRefused = error instanceof ServerRefusal && error.status < 500 && error.status !== 429;
        // The same again would be refused again; telemetry comes anew by itself.
        if (isRefused || word.said === null) this.#done(key, word);
        this.#restUntilMs = this.#options.now() + EVERY_MS;
        if (!this.#saidAway && !this.#closed) {
          this.#saidAway = true;
          this.#options.say(`${describeError(error).text}\n     the watch goes on without it, and tries again`);
        }
        return;
      }
    }
  }

  #next(): [string, Word] | undefined {
    return this.#waiting.entries().next().value;
  }

  /** A newer word on the same may have come meanwhile. */
  #done(key: string, word: Word): void {
    if (this.#waiting.get(key) === word) this.#waiting.delete(key);
  }
}
