/** Starts programs that have the agent by itself in them, as its users do, for the tests in this folder. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import { makeWorkplace } from './run-program.ts';

/** What users name with `--import` and `--require`. */
export const register: string = fileURLToPath(import.meta.resolve('@ebb/agent/register'));

/** A program that runs. */
export interface Host {
  child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** The lines of JSON that the agent has written to standard error. */
  told(): Record<string, unknown>[];
  /** Waits for text on standard output, and returns what its group matched. */
  printed(pattern: RegExp): Promise<string>;
  /** Its exit code or signal. */
  ended: Promise<number | string | null>;
}

/** Where and how to start it. */
export interface HostSettings {
  env?: Record<string, string>;
  /** Instead of `--import` with the agent. */
  flags?: string[];
}

/** What a test of a program with the agent in it is given. */
export interface Running extends Host {
  receiver: OtlpReceiver;
  directory: string;
}

/** Ends when its standard input does. */
export const stay: string = `process.stdin.resume();`;

/** Serves `handle`, tells its port, and ends with its standard input. */
export const server = (handle: string): string => `
  const http = require('node:http');
  const server = http.createServer(${handle}).listen(0, '127.0.0.1', () => console.log('port ' + server.address().port + '.'));
  process.stdin.resume().on('end', () => { server.close(); server.closeAllConnections(); });`;

/** The status of an answer. */
export async function fetchStatus(port: string, path: string, method = 'GET'): Promise<number> {
  return await new Promise((resolve, reject) => {
    const request = httpGet({ port: Number(port), host: '127.0.0.1', path, method, agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    request.on('error', reject);
  });
}

/** The text of an answer. */
export async function fetchText(port: string, path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

/** A port that nobody listens on, as far as can be told. */
export async function freePort(): Promise<string> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return String(port);
}

/** Starts `program.cjs` in a directory, which is its folder for temporary files, too. */
export function startHost(node: string, directory: string, settings: HostSettings = {}): Host {
  const child = spawn(node, [...(settings.flags ?? ['--import', register]), join(directory, 'program.cjs')], {
    cwd: directory,
    env: { PATH: process.env['PATH'], TMPDIR: directory, EBB_SAMPLE_INTERVAL: '50', ...settings.env },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const printed = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout);
        if (found !== null) resolve(found[1] ?? found[0]);
      };
      child.stdout.on('data', look);
      void ended.then((end) => {
        reject(new Error(`ended with ${String(end)}: ${stdout}${stderr}`));
      });
      look();
    });
  const told = (): Record<string, unknown>[] =>
    stderr
      .split('\n')
      .filter((line) => line.includes('"source":"ebb"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, stdout: () => stdout, stderr: () => stderr, told, printed, ended };
}

type AgentTest = (
  name: string,
  text: string,
  settings: HostSettings & { files?: Record<string, string>; otlp?: boolean },
  run: (running: Running, expect: typeof import('vitest').expect) => Promise<void>,
) => void;

/** Defines tests that run beside one another, each with a program, a folder and a receiver of its own. */
export function agentTests(node: string): AgentTest {
  return (name, text, settings, run) => {
    // A leak is judged by how it grows in time, which a busy machine stretches.
    it.concurrent(name, { timeout: 150_000 }, async ({ expect }) => {
      const place = makeWorkplace();
      const receiver = await startOtlpReceiver();
      const { directory } = place;
      for (const [file, content] of Object.entries({ ...settings.files, 'program.cjs': text })) {
        writeFileSync(join(directory, file), content);
      }
      const host = startHost(node, directory, {
        ...settings,
        env: {
          OTEL_METRIC_EXPORT_INTERVAL: '1000',
          ...(settings.otlp === false ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }),
          ...settings.env,
        },
      });
      try {
        await run({ ...host, receiver, directory }, expect);
        expect(receiver.faults).toEqual([]);
      } finally {
        host.child.kill('SIGKILL');
        receiver.close();
        place.remove();
      }
    });
  };
}
