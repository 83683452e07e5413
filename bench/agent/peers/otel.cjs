// The peer: the OpenTelemetry Node SDK, metrics only, with the instrumentations for node:http and the runtime.
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-http');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');

new NodeSDK({
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(),
      exportIntervalMillis: Number(process.env['OTEL_METRIC_EXPORT_INTERVAL']),
      exportTimeoutMillis: 5000,
    }),
  ],
  spanProcessors: [],
  instrumentations: [new HttpInstrumentation(), new RuntimeNodeInstrumentation()],
}).start();
