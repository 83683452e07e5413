/**
 * What the environment says about exports: OpenTelemetry's own variables, with their own meaning and defaults, and a few
 * of Ebb's. Everything is off unless it is asked for. A value that makes no sense is told once and its default taken:
 * a typing error must not keep a service from starting.
 */
import { isSwitchedOn } from '../host/switched-on.ts';
import { parsePairs } from '../identity/resource-attributes.ts';

/** How metrics leave by OTLP/HTTP. */
export interface OtlpSettings {
  /** The whole URL that is posted to, `…/v1/metrics` included where the specification appends it. */
  url: URL;
  /** Sent with each export. May hold secrets: never told in a warning. */
  headers: Record<string, string>;
  /** How long one export may take. */
  timeoutMs: number;
  gzip: boolean;
  /** Files in PEM form; undefined: the system's. */
  caFile: string | undefined;
  keyFile: string | undefined;
  certificateFile: string | undefined;
}

/** Where Prometheus may scrape. */
export interface PrometheusSettings {
  host: string;
  port: number;
}

/** All that can be set. */
export interface AgentSettings {
  /** `EBB_AGENT=off` or `OTEL_SDK_DISABLED=true`. */
  enabled: boolean;
  otlp: OtlpSettings | undefined;
  prometheus: PrometheusSettings | undefined;
  /** Between exports; at least a second. */
  exportIntervalMs: number;
  /** Between samples; at least 10 ms. */
  sampleIntervalMs: number;
  /** What is seen before is start-up, not growth. */
  warmupMs: number;
  /** Whether a full collection may be asked for when the service is idle and a doubt is open. */
  idleCollections: boolean;
  /** Whether allocations may be profiled while a doubt is open. */
  profiles: boolean;
  /** Whether a confirmed leak is told on standard error. */
  log: boolean;
  /** What the processes of a service have in common to count distinct clients by; undefined: they are not counted. */
  clientSecret: string | undefined;
  /** Where the last minutes are recorded: a folder, undefined for the usual one, null for nowhere. */
  recordDirectory: string | null | undefined;
  /** A sentence for each value that could not be used. */
  problems: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultOtlpPort = 4318;
const defaultPrometheusPort = 9464;

/** Reads the environment. Never throws. */
export function readSettings(env: Environment): AgentSettings {
  const problems: string[] = [];
  const value = (...names: string[]): string | undefined => {
    for (const name of names) {
      const text = env[name]?.trim();
      if (text !== undefined && text !== '') return text;
    }
    return undefined;
  };
  const number = (names: string[], fallback: number, least: number, most: number): number => {
    const text = value(...names);
    if (text === undefined) return fallback;
    const given = Number(text);
    if (Number.isFinite(given) && given >= least && given <= most) return given;
    problems.push(`${names.join(' or ')} is no number from ${least} to ${most}; ${fallback} is used.`);
    return fallback;
  };
  const exporters = new Set((value('OTEL_METRICS_EXPORTER') ?? '').split(',').map((name) => name.trim()));
  const otlpSettings = exporters.has('none') ? undefined : otlp(value, number, exporters, problems);
  return {
    enabled: value('EBB_AGENT')?.toLowerCase() !== 'off' && value('OTEL_SDK_DISABLED')?.toLowerCase() !== 'true',
    otlp: otlpSettings,
    prometheus: prometheus(value, number, exporters),
    exportIntervalMs: number(['OTEL_METRIC_EXPORT_INTERVAL'], 60_000, 1000, 86_400_000),
    sampleIntervalMs: number(['EBB_SAMPLE_INTERVAL'], 5000, 10, 600_000),
    warmupMs: number(['EBB_WARMUP'], 600_000, 0, 86_400_000),
    idleCollections: isSwitchedOn(value('EBB_IDLE_COLLECTIONS')),
    profiles: isSwitchedOn(value('EBB_PROFILES')),
    log: value('EBB_LOG')?.toLowerCase() !== 'off',
    clientSecret: clientSecret(value('EBB_CLIENT_SALT'), otlpSettings),
    recordDirectory: value('EBB_RECORD_DIR')?.toLowerCase() === 'off' ? null : value('EBB_RECORD_DIR'),
    problems,
  };
}

/** The token that is sent with exports is a secret that the processes of a service share already. */
function clientSecret(told: string | undefined, otlp: OtlpSettings | undefined): string | undefined {
  if (told?.toLowerCase() === 'off') return undefined;
  return told ?? otlp?.headers['authorization'];
}

type Value = (...names: string[]) => string | undefined;
type NumberValue = (names: string[], fallback: number, least: number, most: number) => number;

function otlp(
  value: Value,
  number: NumberValue,
  exporters: ReadonlySet<string>,
  problems: string[],
): OtlpSettings | undefined {
  const own = value('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT');
  const base = value('OTEL_EXPORTER_OTLP_ENDPOINT');
  // Off unless asked for: the specification's default endpoint counts only where the exporter is named.
  if (own === undefined && base === undefined && !exporters.has('otlp')) return undefined;
  if (exporters.has('prometheus') && !exporters.has('otlp')) return undefined;
  const protocol = value('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol === 'grpc') {
    problems.push(
      'OTLP over gRPC is not spoken: nothing is exported. Set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json.',
    );
    return undefined;
  }
  const url = endpoint(own, base ?? `http://localhost:${defaultOtlpPort}`);
  if (url === undefined) {
    problems.push('The OTLP endpoint is no URL that begins with http: or https:; nothing is exported.');
    return undefined;
  }
  const headers = new Map<string, string>();
  for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_METRICS_HEADERS']) {
    const pairs = parsePairs(value(name));
    if (pairs === null)
      problems.push(`${name} is no list of key=value, percent-encoded, between commas; it is not used.`);
    for (const [key, text] of pairs ?? []) {
      if (/^[\w!#$%&'*+.^`|~-]+$/.test(key) && /^[\t\x20-\x7e\x80-\xff]*$/.test(text))
        headers.set(key.toLowerCase(), text);
      else problems.push(`${name} holds a name or value that cannot be sent in a header; it is left out.`);
    }
  }
  const compression = value('OTEL_EXPORTER_OTLP_METRICS_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION') ?? 'gzip';
  return {
    url,
    headers: Object.fromEntries(headers),
    timeoutMs: number(['OTEL_EXPORTER_OTLP_METRICS_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'], 10_000, 1, 600_000),
    gzip: compression !== 'none',
    caFile: value('OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'),
    keyFile: value('OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'),
    certificateFile: value('OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'),
  };
}

/** The metrics' own endpoint is taken as it stands; to the common one `v1/metrics` is appended. */
function endpoint(own: string | undefined, base: string): URL | undefined {
  try {
    const url = new URL(own ?? base);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
    if (own === undefined) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
    return url;
  } catch {
    return undefined;
  }
}

function prometheus(value: Value, number: NumberValue, exporters: ReadonlySet<string>): PrometheusSettings | undefined {
  const asked = value('EBB_PROMETHEUS_PORT') !== undefined || exporters.has('prometheus');
  if (!asked) return undefined;
  return {
    // Loopback: memory figures and routes are nobody's business outside, unless it is said.
    host: value('EBB_PROMETHEUS_HOST', 'OTEL_EXPORTER_PROMETHEUS_HOST') ?? '127.0.0.1',
    port: number(['EBB_PROMETHEUS_PORT', 'OTEL_EXPORTER_PROMETHEUS_PORT'], defaultPrometheusPort, 0, 65_535),
  };
}
