import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

describe('readSettings', () => {
  it('exports nothing unless something is asked for', () => {
    expect(readSettings({})).toMatchObject({
      enabled: true,
      otlp: undefined,
      prometheus: undefined,
      exportIntervalMs: 60_000,
      idleCollections: false,
      log: true,
      problems: [],
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/metrics'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' }, 'https://c/otlp/v1/metrics'],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c/own' }, 'http://c/own'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://b/' }, 'http://b/'],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/metrics'],
  ])('%j posts to %s', (env, url) => {
    expect(readSettings(env).otlp?.url.href).toBe(url);
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'none' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'prometheus' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'not a url' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '  ' },
  ])('%j exports nothing by OTLP', (env) => {
    expect(readSettings(env).otlp).toBeUndefined();
  });

  it.each([
    ['the token that is sent with exports', 'authorization=Bearer%20abc', undefined, 'Bearer abc'],
    ['what is said', 'authorization=Bearer%20abc', 'pepper', 'pepper'],
    ['nothing: then clients are not counted', 'x=y', undefined, undefined],
    ['nothing where it is turned off', 'authorization=Bearer%20abc', 'off', undefined],
  ])('the secret that clients are counted by is %s', (_what, headers, salt, expected) => {
    const settings = readSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
      OTEL_EXPORTER_OTLP_HEADERS: headers,
      EBB_CLIENT_SALT: salt,
    });
    expect(settings.clientSecret).toBe(expected);
  });

  it('reads headers as baggage, those of metrics over the common ones, and never tells their values', () => {
    const { otlp, problems } = readSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20common,x-a=1',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=Bearer%20own,bad%20name=secret',
    });
    expect(otlp?.headers).toEqual({ authorization: 'Bearer own', 'x-a': '1' });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('secret');
  });

  it('tells a value that makes no sense, and takes the default', () => {
    const settings = readSettings({ OTEL_METRIC_EXPORT_INTERVAL: 'soon', EBB_WARMUP: '-1' });
    expect(settings).toMatchObject({ exportIntervalMs: 60_000, warmupMs: 600_000 });
    expect(settings.problems).toHaveLength(2);
  });

  it('listens for Prometheus on loopback, on the port that is told', () => {
    expect(readSettings({ EBB_PROMETHEUS_PORT: '9100' }).prometheus).toEqual({ host: '127.0.0.1', port: 9100 });
    expect(readSettings({ OTEL_METRICS_EXPORTER: 'prometheus' }).prometheus).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(readSettings({ EBB_PROMETHEUS_PORT: '1', EBB_PROMETHEUS_HOST: '::' }).prometheus?.host).toBe('::');
  });

  it.each([{ EBB_AGENT: 'off' }, { OTEL_SDK_DISABLED: 'TRUE' }])('%j turns the agent off', (env) => {
    expect(readSettings(env).enabled).toBe(false);
  });
});
