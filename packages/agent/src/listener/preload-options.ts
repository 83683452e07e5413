import { fileURLToPath } from 'node:url';

/** The absolute path of the file that a watched program preloads with `--require`. */
export const preloadPath: string = fileURLToPath(new URL('../preload.cjs', import.meta.url));

/** With what environment a program is to be started so that the agent is in it. */
export interface PreloadOptions {
  /** The value of `NODE_OPTIONS` for the program; undefined: leave it unset. */
  nodeOptions: string | undefined;
  /** Whether the agent is in it. When not, the program runs as it would without Ebb. */
  attached: boolean;
  /** What a person should know: why there is no agent, or what it will not be able to do. */
  reason?: string;
}

/**
 * What `NODE_OPTIONS` must be for `command` to run with the agent, given its own environment.
 * The program's own options stay and stay first.
 */
export function preloadOptions(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PreloadOptions {
  const own = env['NODE_OPTIONS']?.trim() ?? '';
  void command;
  const nodeOptions = `${own} --require ${quoted(preloadPath)}`.trim();
  return { nodeOptions, attached: true };
}

/** NODE_OPTIONS are split at spaces; double quotes hold a value together, a backslash escapes. */
function quoted(value: string): string {
  return /[\s"\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
}
