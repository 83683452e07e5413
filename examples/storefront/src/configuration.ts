import { isRelease, releases, type Release } from './release.ts';

/** What the environment decides about a storefront process. */
export interface Configuration {
  readonly release: Release;
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Where orders and customers are kept; `null`: in a temporary folder that goes with the process. */
  readonly dataFolder: string | null;
  /** How long a session lives without a request. */
  readonly sessionIdleMs: number;
  /** How often expired sessions are swept. */
  readonly sessionSweepMs: number;
}

/** The environment asks for something that the storefront can't do. */
export class ConfigurationError extends Error {
  readonly code = 'STOREFRONT_CONFIGURATION';
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the configuration from environment variables: `RELEASE`, `HOST`, `PORT`, `STOREFRONT_DATA`,
 * `SESSION_IDLE_SECONDS` and `SESSION_SWEEP_SECONDS`.
 *
 * @throws ConfigurationError when a value can't be used; the message names the variable and the value.
 */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const release = environment['RELEASE'] ?? '1.0';
  if (!isRelease(release)) {
    throw new ConfigurationError(
      `RELEASE is "${release}", which does not exist. Choose one of ${releases.join(', ')}.`,
    );
  }
  return {
    release,
    host: environment['HOST'] ?? '127.0.0.1',
    port: readNumber(environment, 'PORT', { fallback: 3000, least: 0, most: 65_535 }),
    dataFolder: environment['STOREFRONT_DATA'] ?? null,
    sessionIdleMs: readNumber(environment, 'SESSION_IDLE_SECONDS', { fallback: 1800, least: 1, most: 604_800 }) * 1000,
    sessionSweepMs: readNumber(environment, 'SESSION_SWEEP_SECONDS', { fallback: 60, least: 1, most: 3600 }) * 1000,
  };
}

function readNumber(
  environment: NodeJS.ProcessEnv,
  name: string,
  range: { fallback: number; least: number; most: number },
): number {
  const text = environment[name];
  if (text === undefined || text === '') return range.fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < range.least || value > range.most) {
    throw new ConfigurationError(
      `${name} is "${text}". Give a whole number from ${String(range.least)} to ${String(range.most)}.`,
    );
  }
  return value;
}
