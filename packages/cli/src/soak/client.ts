import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { numbered, type Route } from './route.ts';

/** One request at a time over one connection that is kept: what grows with connections is another question. */
export class Client {
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(base: URL, timeoutMs: number) {
    this.#base = base;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request and reads its answer to the end; resolves with the status, or the code of what went wrong. */
  send(route: Route, call: number): Promise<string> {
    const url = new URL(numbered(route.path, call), this.#base);
    const body = route.body === null ? undefined : numbered(route.body, call);
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve) => {
      const tls = url.protocol === 'https:';
      const options = { method: route.method, headers: { ...route.headers, ...length }, timeout: this.#timeoutMs };
      const failed = (error: NodeJS.ErrnoException): void => {
        resolve(error.code ?? error.message);
      };
      const request = (tls ? httpsRequest : httpRequest)(
        url,
        { ...options, ...(tls ? {} : { agent: this.#agent }) },
        (response) => {
          response.once('error', failed).once('end', () => {
            resolve(String(response.statusCode ?? 0));
          });
          response.resume();
        },
      );
      request.once('error', failed).once('timeout', () => {
        request.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
