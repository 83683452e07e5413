/**
 * The agent by itself, without `ebb watch`: it measures this thread, judges it at the edge in constant memory, exports
 * where that is configured, and says in one line when a leak is confirmed.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isMainThread, threadId } from 'node:worker_threads';
import { containerLimitBytes } from '@ebb/capture/limits';
import { type Judgement, MemoryJudge } from '@ebb/trend';
import { clientMetrics } from '../export/client-metrics.ts';
import { ebbMetrics, endedMetric } from '../export/ebb-metrics.ts';
import type { Metric } from '../export/metric.ts';
import { otlpRequest } from '../export/otlp-json.ts';
import type { OtlpExporter } from '../export/otlp-exporter.ts';
import { runtimeMetrics } from '../export/runtime-metrics.ts';
import { type AgentSettings, readSettings } from '../export/settings.ts';
import type { ResourceAttributes } from '../identity/resource.ts';
import { Clients } from '../measure/clients.ts';
import { Meter } from '../measure/meter.ts';
import type { Measurement } from '../measure/measurement.ts';
import { type NativeMemory, readNativeMemory } from '../measure/native-memory.ts';
import type { ThreadBoard, ThreadReport } from '../measure/thread-board.ts';
import type { HostClock } from './clock.ts';
import { IdleCollection } from './idle-collection.ts';
import { LastMinutes } from './last-minutes.ts';
import { leakDetails, leakSentence } from './leak-line.ts';
import { Log, writeToStandardError } from './log.ts';
import { identity, tellsByItself, threadBoard } from './own-thread.ts';
import { quietly } from './quietly.ts';
import type { SuspicionProfile } from './suspicion-profile.ts';
import { WarningWatch } from './warnings.ts';

// Not by require(), whose cache is the program's.
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const scope = { name: '@ebb/agent', version };

/** How often worker threads tell the main thread what they hold. */
const relayIntervalMs = 10_000;
/** How often the recorder writes at the most: what fills the heap in seconds should be seen. */
const recordIntervalMs = 1000;
/** How often the mappings are read while nothing is suspected. */
const nativeIntervalMs = 600_000;
/** Exit codes of a process that was asked to end, or was done: 0, and those that shells know for SIGHUP, SIGINT and SIGTERM. */
const endsInOrder: ReadonlySet<number> = new Set([0, 129, 130, 143]);
/** A scrape that comes sooner gets what the last one got. */
const leastScrapeDistanceMs = 1000;

/** An agent that runs; what it has started is at its end after `stop`. */
export interface LoneAgent {
  stop(): void;
}

/**
 * Starts the agent in this thread; undefined where it is turned off. Nothing reaches the host: what fails, fails
 * quietly, and the rest goes on.
 */
export async function startLoneAgent(
  clock: HostClock,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<LoneAgent | undefined> {
  const settings = readSettings(env);
  if (!settings.enabled) return undefined;
  const log = new Log(clock, settings.log ? writeToStandardError : undefined);
  for (const problem of settings.problems) log.tell('warn', 'EBB_AGENT_SETTING', problem);
  const agent = new Agent({ clock, env, settings, log });
  await agent.open();
  return agent;
}

interface AgentOptions {
  clock: HostClock;
  env: Readonly<Record<string, string | undefined>>;
  settings: AgentSettings;
  log: Log;
}

class Agent implements LoneAgent {
  readonly #options: AgentOptions;
  readonly #ownServers = new WeakSet();
  readonly #meter: Meter;
  readonly #clients: Clients | undefined;
  readonly #judge: MemoryJudge;
  readonly #idle: IdleCollection | undefined;
  #profile: SuspicionProfile | undefined;
  readonly #warnings: WarningWatch;
  readonly #resource: ResourceAttributes;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stops: (() => void)[] = [];
  #exporter: OtlpExporter | undefined;
  readonly #board: ThreadBoard | undefined;
  readonly #lastMinutes: LastMinutes | undefined;
  #judgement: Judgement;
  #listenerWarnings = 0;
  #sites: string[] = [];
  #native: NativeMemory | undefined;
  #nativeReadMs = Number.NEGATIVE_INFINITY;
  #utilization = performance.eventLoopUtilization();
  #scraped: { atMs: number; metrics: Metric[] } | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { clock, env, settings } = options;
    this.#resource = identity(env);
    this.#lastMinutes = this.#recording();
    this.#clients = clientsOf(settings, this.#resource);
    this.#meter = new Meter({
      clock,
      rssLimitBytes: containerLimitBytes(),
      ownServers: this.#ownServers,
      isMainThread,
      inFlight: this.#lastMinutes?.requests,
      clients: this.#clients,
    });
    this.#judge = new MemoryJudge({ warmupMs: settings.warmupMs });
    this.#idle = settings.idleCollections ? new IdleCollection(clock) : undefined;
    this.#warnings = new WarningWatch(() => {
      this.#listenerWarnings += 1;
    });
    this.#judgement = this.#judge.observe(this.#meter.sample());
    this.#board = threadBoard(4 * relayIntervalMs);
  }

  /** Opens what leads outside, and begins to sample. */
  async open(): Promise<void> {
    const { settings } = this.#options;
    this.#every(settings.sampleIntervalMs, () => {
      this.#sample();
    });
    if (!isMainThread) {
      this.#report();
      this.#every(relayIntervalMs, () => {
        this.#report();
      });
    }
    this.#record(this.#lastMinutes);
    if (settings.profiles) await this.#openProfile();
    if (settings.otlp !== undefined) await this.#openOtlp(settings.otlp);
    // A worker thread's metrics are scraped through the main thread.
    if (settings.prometheus !== undefined && isMainThread) await this.#openPrometheus(settings.prometheus);
  }

  stop(): void {
    for (const timer of this.#timers) this.#options.clock.clearInterval(timer);
    for (const stop of this.#stops) stop();
    this.#profile?.stop();
    this.#lastMinutes?.stop();
    this.#meter.stop();
    this.#warnings.stop();
  }

  /** Undefined where nothing is recorded: a worker thread, a program that is no file, or if it is turned off. */
  #recording(): LastMinutes | undefined {
    const { clock, log, settings } = this.#options;
    const script = process.argv[1];
    if (!isMainThread || script === undefined || settings.recordDirectory === null) return undefined;
    const name = String(this.#resource['service.name']);
    return new LastMinutes({
      directory: settings.recordDirectory,
      // A service without a name is known by its script.
      service: name.startsWith('unknown_service') ? script : name,
      command: `node ${basename(script)}`,
      clock,
      tell: (level, code, message, details) => {
        log.tell(level, code, message, details);
      },
    });
  }

  async #openProfile(): Promise<void> {
    const { clock, settings } = this.#options;
    const { SuspicionProfile } = await import('./suspicion-profile.ts');
    this.#profile = new SuspicionProfile({
      monotonicMs: clock.monotonicMs,
      firstMs: settings.warmupMs / 10,
      againMs: settings.warmupMs,
      onSites: (sites) => {
        this.#sites = sites;
        this.#lastMinutes?.allocated(sites);
      },
    });
  }

  #record(lastMinutes: LastMinutes | undefined): void {
    const { clock, log, settings } = this.#options;
    if (lastMinutes === undefined) return;
    if (!lastMinutes.open()) {
      if (settings.recordDirectory !== undefined)
        log.tell('warn', 'EBB_AGENT_RECORD', 'The folder in EBB_RECORD_DIR cannot be written to: nothing is recorded.');
      return;
    }
    let atMs = clock.monotonicMs();
    let pausedMs = 0;
    const record = (): void => {
      const nowMs = clock.monotonicMs();
      const { gcPausedMs } = this.#meter;
      const gcCpuShare = nowMs > atMs ? Math.min(1, (gcPausedMs - pausedMs) / (nowMs - atMs)) : 0;
      atMs = nowMs;
      pausedMs = gcPausedMs;
      lastMinutes.add({ sample: this.#meter.sample(), activeRequests: this.#meter.requests.active, gcCpuShare });
    };
    record();
    this.#every(Math.min(recordIntervalMs, settings.sampleIntervalMs), record);
  }

  async #openOtlp(otlp: NonNullable<AgentSettings['otlp']>): Promise<void> {
    const { clock, log, settings } = this.#options;
    const onProblem = (sentence: string): void => {
      log.tell('warn', 'EBB_AGENT_EXPORT', sentence);
    };
    try {
      const { OtlpExporter } = await import('../export/otlp-exporter.ts');
      this.#exporter = new OtlpExporter({ settings: otlp, clock, onProblem });
    } catch (error) {
      onProblem(`The OTLP exporter cannot be set up: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (isMainThread) tellsByItself(this.#resource);
    this.#every(settings.exportIntervalMs, () => {
      this.#export();
    });
    const onExit = quietly((code: number) => {
      // A worker thread ends on its own; its process tells of itself.
      const inOrder = isMainThread && endsInOrder.has(code);
      this.#exporter?.sendLast(this.#body(this.#measure(), inOrder ? [endedMetric] : []));
    });
    process.on('exit', onExit);
    this.#stops.push(() => {
      process.off('exit', onExit);
      this.#exporter?.stop();
    });
    // The first export tells that the process lives, and opens the connection.
    this.#export();
  }

  async #openPrometheus(prometheus: NonNullable<AgentSettings['prometheus']>): Promise<void> {
    const { log } = this.#options;
    const onProblem = (sentence: string): void => {
      log.tell('warn', 'EBB_AGENT_PROMETHEUS', sentence);
    };
    try {
      const { openPrometheus } = await import('../export/open-prometheus.ts');
      const server = openPrometheus(prometheus, {
        exposition: () => ({
          resource: this.#resource,
          threads: [{ attributes: {}, metrics: this.#scrape() }, ...this.#workerMetrics()],
        }),
        onServer: (own) => this.#ownServers.add(own),
        onProblem,
      });
      this.#stops.push(() => {
        server.stop();
      });
    } catch (error) {
      onProblem(`Prometheus cannot be served: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #sample(): void {
    const sample = this.#meter.sample();
    const before = this.#judgement.verdict;
    this.#judgement = this.#judge.observe(sample);
    const { verdict, suspicious } = this.#judgement;
    const { clock } = this.#options;
    this.#lastMinutes?.judge(this.#judgement);
    this.#profile?.consider(suspicious);
    if (this.#idle !== undefined) {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
      this.#utilization = now;
      const floorAgeMs = sample.floor === null ? undefined : clock.now() - sample.floor.timeMs;
      this.#idle.consider({ suspicious, floorAgeMs, activeRequests: this.#meter.requests.active, utilization });
    }
    if (suspicious || clock.monotonicMs() - this.#nativeReadMs >= nativeIntervalMs) this.#readNative();
    if (verdict === before) return;
    if (verdict === 'leak' || verdict === 'native') {
      this.#options.log.tell('error', 'EBB_AGENT_LEAK', leakSentence(verdict), {
        ...leakDetails(this.#judgement),
        ...(this.#sites.length === 0 ? {} : { sites: this.#sites }),
      });
    }
    this.#export();
  }

  /** At most once a minute, however much is suspected. */
  #readNative(): void {
    if (!isMainThread) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#nativeReadMs < 60_000) return;
    this.#nativeReadMs = nowMs;
    void readNativeMemory().then((native) => {
      this.#native = native;
      this.#meter.noteNative(native);
    });
  }

  #measure(): Measurement {
    const reports = this.#reports();
    return this.#meter.measure({
      judgement: this.#judgement,
      native: this.#native,
      workers: {
        count: reports.length,
        knownBytes: reports.reduce((all, { knownBytes }) => all + knownBytes, 0),
      },
      listenerWarnings: this.#listenerWarnings,
      droppedExports: this.#exporter?.dropped ?? 0,
    });
  }

  #export(): void {
    if (this.#exporter !== undefined) this.#exporter.send(this.#body(this.#measure()));
  }

  #body(measurement: Measurement, more: readonly Metric[] = []): object {
    const clients = this.#clients === undefined ? [] : clientMetrics(this.#clients);
    return otlpRequest(this.#resource, scope, [...metricsOf(measurement), ...clients, ...more], measurement);
  }

  #report(): void {
    const measurement = this.#measure();
    const knownBytes = measurement.heapPhysicalBytes + measurement.sample.externalBytes;
    const text = this.#options.settings.prometheus === undefined ? '' : JSON.stringify(metricsOf(measurement));
    this.#board?.write({ threadId, knownBytes, text }, this.#options.clock.monotonicMs());
  }

  /** What worker threads have told; only the main thread asks. */
  #reports(): ThreadReport[] {
    return isMainThread ? (this.#board?.read(this.#options.clock.monotonicMs()) ?? []) : [];
  }

  #workerMetrics(): { attributes: { 'thread.id': number }; metrics: readonly Metric[] }[] {
    return this.#reports().flatMap((report) =>
      report.text === ''
        ? []
        : [{ attributes: { 'thread.id': report.threadId }, metrics: JSON.parse(report.text) as Metric[] }],
    );
  }

  #scrape(): Metric[] {
    const atMs = this.#options.clock.monotonicMs();
    if (this.#scraped === undefined || atMs - this.#scraped.atMs >= leastScrapeDistanceMs) {
      this.#scraped = { atMs, metrics: metricsOf(this.#measure()) };
    }
    return this.#scraped.metrics;
  }

  #every(intervalMs: number, callback: () => void): void {
    this.#timers.push(this.#options.clock.setInterval(quietly(callback), intervalMs).unref());
  }
}

function metricsOf(measurement: Measurement): Metric[] {
  return [...runtimeMetrics(measurement), ...ebbMetrics(measurement)];
}

/** The secret of one service says nothing of the same client at another. */
function clientsOf({ clientSecret, otlp }: AgentSettings, resource: ResourceAttributes): Clients | undefined {
  if (clientSecret === undefined || otlp === undefined) return undefined;
  return new Clients(JSON.stringify([clientSecret, resource['service.namespace'] ?? '', resource['service.name']]));
}
