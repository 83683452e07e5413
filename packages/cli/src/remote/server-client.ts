/** The server's HTTP API, from the shell. */
import { CliError } from '../errors/cli-error.ts';
import { ServerRefusal } from './server-refusal.ts';

/** A server that does not answer for as long is away. */
const answerMs = 30_000;
/** What is read of an answer at most. */
const mostAnswerBytes = 64 * 2 ** 20;

/** A client of one server, with one token. It keeps no state; each call is one request. */
export class ServerClient {
  readonly #base: URL;
  readonly #token: string;

  constructor(base: URL, token: string) {
    this.#base = new URL(base.pathname.endsWith('/') ? base : `${base.href}/`);
    this.#token = token;
  }

  /** Where the server is, without what may be secret in the address. */
  get address(): string {
    return this.#base.origin;
  }

  /**
   * Asks for what is at a path such as `/api/v1/incidents`; the answer's JSON.
   *
   * @throws {ServerRefusal} what the server answers when it does not do it
   * @throws {CliError} EBB_CLI_SERVER_AWAY, EBB_CLI_SERVER_ANSWER
   */
  async get(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<unknown> {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
    return parsed(await this.#ask('GET', asked.size === 0 ? path : `${path}?${asked.toString()}`));
  }

  /** Asks for text instead of JSON, such as Markdown; throws as {@link get} does. */
  async text(path: string): Promise<string> {
    return await this.#ask('GET', path);
  }

  /**
   * Sends JSON, and reads the answer's; undefined where there is none. Throws as {@link get} does, and when `signal` calls
   * it off.
   */
  async send(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const text = await this.#ask(method, path, body === undefined ? undefined : JSON.stringify(body), signal);
    return text === '' ? undefined : parsed(text);
  }

  async #ask(method: string, path: string, body?: string, calledOff?: AbortSignal): Promise<string> {
    const url = new URL(path.replace(/^\//u, ''), this.#base);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json, text/*;q=0.9',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    let answer;
    let text;
    try {
      const late = AbortSignal.timeout(answerMs);
      const signal = calledOff === undefined ? late : AbortSignal.any([late, calledOff]);
      answer = await fetch(url, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(body === undefined ? {} : { body }),
      });
      text = await textOf(answer);
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw new CliError('EBB_CLI_SERVER_AWAY', `${this.address} does not answer: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    if (answer.ok) return text;
    throw ServerRefusal.of(answer.status, text) ?? unexpected(`with status ${answer.status}`);
  }
}

async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > mostAnswerBytes) throw unexpected(`with more than ${mostAnswerBytes / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected('with something that is no JSON');
  }
}

function unexpected(how: string): CliError {
  return new CliError('EBB_CLI_SERVER_ANSWER', `the server answers ${how}`);
}

/** fetch says "fetch failed", and the reason in the cause, of several addresses in its errors. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  if (cause instanceof Error && cause.message !== '') return cause.message;
  return error.name === 'TimeoutError' ? `no answer within ${answerMs / 1000} s` : error.message;
}
