/**
 * Answers Prometheus's scrapes, and nothing else: GET and HEAD of `/metrics`, without a body, few at a time. The server
 * and its connections do not keep the host alive. Where the port is taken, the host runs on without it.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { quietly } from '../host/quietly.ts';
import type { PrometheusSettings } from './settings.ts';

// See otlp-exporter.ts: an import would load much more.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

const maxConnections = 16;
const maxHeaderBytes = 8 * 1024;

/** What a server needs from the agent. */
export interface PrometheusServerOptions {
  settings: PrometheusSettings;
  /** The exposition, now. */
  text: (openMetrics: boolean) => string;
  /** Called before it listens, so that its requests are not taken for the host's. */
  onServer: (server: Server) => void;
  /** Something that a person should know: the port is taken. */
  onProblem: (sentence: string) => void;
}

export class PrometheusServer {
  readonly #server: Server;

  constructor({ settings, text, onServer, onProblem }: PrometheusServerOptions) {
    const { host, port } = settings;
    this.#server = createServer(
      { maxHeaderSize: maxHeaderBytes, requestTimeout: 10_000, headersTimeout: 5000, keepAliveTimeout: 65_000 },
      quietly((request, response) => {
        answer(request, response, text);
      }),
    );
    this.#server.maxConnections = maxConnections;
    this.#server.unref();
    this.#server.on('connection', (socket) => socket.unref());
    this.#server.on(
      'error',
      quietly((error: NodeJS.ErrnoException) => {
        onProblem(`Prometheus cannot be served on ${host}:${port} (${error.code ?? error.message}).`);
      }),
    );
    onServer(this.#server);
    // In a cluster, workers would else share one port and be scraped in turns.
    this.#server.listen({ host, port, exclusive: true });
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function answer(request: IncomingMessage, response: ServerResponse, text: (openMetrics: boolean) => string): void {
  response.on('error', () => undefined);
  const { method = '', url = '', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    refuse(response, 405, { allow: 'GET, HEAD' });
  } else if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
    refuse(response, 413, {});
  } else if (url.split('?', 1)[0] !== '/metrics') {
    refuse(response, 404, {});
  } else {
    const openMetrics = (headers.accept ?? '').includes('application/openmetrics-text');
    const body = Buffer.from(text(openMetrics));
    response.writeHead(200, {
      'content-type': openMetrics
        ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
        : 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': body.length,
    });
    response.end(method === 'HEAD' ? undefined : body);
  }
}

/** Says no, and hangs up: what else may come on this connection is not read. */
function refuse(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { ...headers, 'content-length': 0, connection: 'close' });
  response.end();
}
