import cluster from 'node:cluster';
import type { Server } from 'node:http';
import type { ResourceAttributes } from '../identity/resource.ts';
import { PrometheusServer } from './prometheus-server.ts';
import { prometheusText, type ThreadMetrics } from './prometheus-text.ts';
import type { PrometheusSettings } from './settings.ts';

/** What is served, and who is told what. */
export interface OpenPrometheusOptions {
  exposition: () => { resource: ResourceAttributes; threads: ThreadMetrics[] };
  /** Called before it listens, so that its requests are not taken for the host's. */
  onServer: (server: Server) => void;
  onProblem: (sentence: string) => void;
}

/**
 * Serves `/metrics`. Worker N of a cluster takes the Nth port behind the one that is set, as Node's inspector does:
 * each is a process of its own, with series of its own.
 */
export function openPrometheus(
  settings: PrometheusSettings,
  { exposition, onServer, onProblem }: OpenPrometheusOptions,
): PrometheusServer {
  const offset = settings.port === 0 ? 0 : (cluster.worker?.id ?? 0);
  return new PrometheusServer({
    settings: { ...settings, port: settings.port + offset },
    text: (openMetrics) => {
      const { resource, threads } = exposition();
      return prometheusText(resource, threads, openMetrics);
    },
    onServer,
    onProblem,
  });
}
