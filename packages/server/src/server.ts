import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { readConfiguration, type ConfigurationFiles } from './configuration.ts';
import { ServerError } from './errors/server-error.ts';
import { makeApp } from './http/app.ts';
import type { HttpLimits } from './http/context.ts';
import { makeParts, type PartsOptions } from './parts.ts';
import { openDatabase, type DatabasePlace } from './store/database.ts';
import type { WriterLimits } from './store/report-writer.ts';
import { startWork } from './work.ts';

/** How a server is started. */
export interface ServerOptions extends ConfigurationFiles {
  database: DatabasePlace;
  /** Default `127.0.0.1`: nobody else on the network reaches it. */
  host?: string;
  /** Default 4318, where OpenTelemetry's exporters send to; 0 for any. */
  port?: number;
  /** Where readers reach it, such as `https://ebb.example.com`, if that is not where it listens. */
  publicUrl?: URL;
  /** Milliseconds since the epoch; for tests. */
  now?: () => number;
  limits?: Partial<HttpLimits & WriterLimits>;
}

/** A server that runs. */
export interface Server {
  /** Where it is reached. */
  url: string;
  /** Where the data is: a file, or a URL without its password. */
  databasePlace: string;
  /** The tokens that were made because there was none; told once, and kept nowhere. */
  firstTokens: { admin: string; agent: string } | null;
  /**
   * Reads the alert rules, the on-call plan and what may be done about services anew.
   *
   * @throws {ServerError} EBB_SERVER_RULES, EBB_SERVER_ONCALL, EBB_SERVER_RESPONSE_POLICY when they cannot be used: then
   *   the ones before hold on
   */
  reloadRules(): Promise<void>;
  /** Takes nothing more, finishes what it has begun, and closes the database. */
  close(): Promise<void>;
}

const defaults: HttpLimits = {
  bodyBytes: 8 * 2 ** 20,
  requestsPerMinute: 60_000,
  reportsPerMinute: 1_000_000,
  refusalsPerMinute: 60,
  logInsPerMinute: 10,
  mostFollowers: 200,
};
const sqliteLimits: WriterLimits = { mostProcesses: 50_000, mostServices: 5000, mostWaiting: 20_000 };
const postgresLimits: WriterLimits = { ...sqliteLimits, mostProcesses: 500_000 };

/** Node.js has `node:sqlite` without a flag since then. */
const oldestNode: readonly [major: number, minor: number] = [22, 13];

/**
 * Starts a server: opens the database, brings it up to date, and listens.
 *
 * @throws {ServerError} EBB_SERVER_NODE_VERSION, EBB_SERVER_LISTEN, and what {@link openDatabase} throws
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  checkNode(process.versions.node);
  const { now = Date.now, environment = process.env, publicUrl = null } = options;
  const configuration = await readConfiguration(options, now());
  const database = await openDatabase(options.database);
  try {
    const limits = {
      ...defaults,
      ...(database.engine === 'sqlite' ? sqliteLimits : postgresLimits),
      ...options.limits,
    };
    const version = packageVersion();
    const tell: PartsOptions['tell'] = (what) => (error) => {
      app.log.error({ err: error }, what);
    };
    const parts = await makeParts({ database, configuration, environment, limits, publicUrl, version, now, tell });
    const firstTokens = await parts.tokens.createFirst(now());
    const app = await makeApp(parts);
    const { host = '127.0.0.1', port = 4318 } = options;
    try {
      await app.listen({ host, port });
    } catch (error) {
      await app.close();
      await parts.feed.stop();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServerError('EBB_SERVER_LISTEN', `port ${port} of ${host} cannot be listened on: ${reason}`, {
        cause: error,
      });
    }
    const work = startWork(parts, limits, tell);
    return {
      url: urlOf(app.server.address() as AddressInfo),
      databasePlace: database.place,
      firstTokens,
      reloadRules: async () => {
        const { rules, plan, policy } = await readConfiguration(options, now());
        parts.alerting.replaceRules(rules);
        parts.oncall.replacePlan(plan);
        parts.response.replacePolicy(policy);
      },
      close: async () => {
        await app.close();
        await parts.feed.stop();
        await work.stop();
        await parts.writer.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** @throws {ServerError} EBB_SERVER_NODE_VERSION */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new ServerError(
    'EBB_SERVER_NODE_VERSION',
    `the server needs Node.js ${oldestNode.join('.')} or later; this is ${version}`,
  );
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
