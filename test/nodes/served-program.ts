/** Small services and their clients, for the tests of drains and restarts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as requestByTls } from 'node:https';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Express is the storefront's. */
const storefront = createRequire(new URL('../../examples/storefront/package.json', import.meta.url));
/** What a program in a temporary folder cannot find by name. */
export const places: { express: string; drain: string; relief: string; register: string } = {
  express: storefront.resolve('express'),
  drain: new URL('../../packages/agent/dist/drain/index.js', import.meta.url).href,
  relief: new URL('../../packages/agent/dist/relief/index.js', import.meta.url).href,
  register: fileURLToPath(new URL('../../packages/agent/dist/register.cjs', import.meta.url)),
};

/** A service that runs; `lines` are those that it wrote to standard output. */
export interface Served {
  child: ChildProcess;
  lines: string[];
  stderr: () => string;
  /** Waits for a line that has come or will come; rejects when the program ends before. */
  line: (pattern: RegExp) => Promise<RegExpExecArray>;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Starts a program from its text. */
export function serve(
  node: string,
  folder: string,
  text: string,
  { flags = [], env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Served {
  const file = join(folder, 'service.mjs');
  writeFileSync(file, text);
  const child = spawn(node, [...flags, file], {
    cwd: folder,
    env: { PATH: process.env['PATH'], EBB_RECORD_DIR: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    for (const look of [...waiting]) look();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal });
      for (const look of [...waiting]) look();
    });
  });
  return {
    child,
    lines,
    stderr: () => errors,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.map((text) => pattern.exec(text)).find((match) => match !== null);
          if (found !== undefined) resolve(found);
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`the service ended: ${errors}\n${lines.join('\n')}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Clients that keep their connections and send one request after the other. */
export class Clients {
  answered = 0;
  readonly failed: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #port: number;
  readonly #certificate: string | undefined;
  #stopped = false;

  /** @param certificate of a server that speaks TLS */
  constructor(port: number, count: number, certificate?: string) {
    this.#port = port;
    this.#certificate = certificate;
    for (let at = 0; at < count; at++) this.#running.push(this.#run());
  }

  /** One request over a connection of the agent's: the status, or the code of what went wrong. */
  static async send(port: number, path: string, agent?: Agent): Promise<string> {
    return await new Promise((resolve) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        resolve(error.code ?? error.message);
      };
      const send = agent instanceof TlsAgent ? requestByTls : request;
      const options: RequestOptions = { host: '127.0.0.1', port, path, agent };
      send(options, (response) => {
        response.on('error', fail).on('end', () => {
          resolve(String(response.statusCode));
        });
        response.resume();
      })
        .on('error', fail)
        .end();
    });
  }

  /** Waits until so many requests more are answered, or one has failed. */
  async more(count: number): Promise<void> {
    const wanted = this.answered + count;
    while (this.answered < wanted && this.failed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const agent of this.#agents) agent.destroy();
  }

  async #run(): Promise<void> {
    const kept = { keepAlive: true, maxSockets: 1 };
    const agent = this.#certificate === undefined ? new Agent(kept) : new TlsAgent({ ...kept, ca: this.#certificate });
    this.#agents.push(agent);
    while (!this.#stopped && this.failed.length === 0) {
      const answer = await Clients.send(this.#port, '/', agent);
      if (answer === '200') this.answered += 1;
      else this.failed.push(answer);
    }
  }
}

/** A connection that takes no notice of `Connection: close` and sends each request on the same socket, byte by byte as told. */
export class Wire {
  /** It is over, by whoever ended it. */
  isOver = false;
  readonly #socket: Socket;
  #heard = '';
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const end = (): void => {
      this.isOver = true;
      this.#wake();
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      this.#heard += chunk;
      this.#wake();
    });
    socket.on('end', end).on('error', end).on('close', end);
  }

  static async open(port: number): Promise<Wire> {
    return await new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        resolve(new Wire(socket));
      }).once('error', reject);
    });
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** The body of the next answer; null when the connection is over instead. */
  async answer(): Promise<string | null> {
    for (;;) {
      const [, head = '', length] = /^(HTTP[^]*?content-length: (\d+)[^]*?\r\n\r\n)/i.exec(this.#heard) ?? [];
      const size = head.length + Number(length);
      if (head !== '' && this.#heard.length >= size) {
        const body = this.#heard.slice(head.length, size);
        this.#heard = this.#heard.slice(size);
        return body;
      }
      if (this.isOver) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async get(): Promise<string | null> {
    this.send('GET / HTTP/1.1\r\nhost: shop\r\n\r\n');
    return await this.answer();
  }

  close(): void {
    this.#socket.destroy();
  }
}
