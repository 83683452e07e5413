import { existsSync } from 'node:fs';

/** What can be set at the start of a service, and which values are worth a trial. */

/** Settings of one trial. */
export interface Candidate {
  /** What is changed: the name of a flag or variable, or `today` for nothing. */
  readonly setting: string;
  readonly value: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeFlags: readonly string[];
}

/** What is known of the machine and of the service's own settings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the service has given to Node already, on its command line too. */
  readonly nodeFlags: readonly string[];
  readonly linux: boolean;
  readonly cpus: number;
  /** Where jemalloc is; null where it is not. */
  readonly jemalloc: string | null;
}

/** Nothing changed: what everything else is held against. */
export const today: Candidate = { setting: 'today', value: null, env: {}, nodeFlags: [] };

/**
 * One setting at a time, so that what is measured is that setting's. What has the value already is no trial. The heap's
 * limit is not among them: it is computed from what was measured, for it changes nothing until it is reached.
 */
export function candidatesFor({ env, nodeFlags, linux, cpus, jemalloc }: Surroundings): Candidate[] {
  const flag = (setting: string, value: number): Candidate => ({
    ...{ setting, value: String(value), env: {} },
    nodeFlags: [`${setting}=${value}`],
  });
  const variable = (setting: string, value: number): Candidate => ({
    ...{ setting, value: String(value), nodeFlags: [] },
    env: { [setting]: String(value) },
  });
  const candidates = [
    flag('--max-semi-space-size', 32),
    flag('--max-semi-space-size', 64),
    ...(linux ? [variable('MALLOC_ARENA_MAX', 2)] : []),
    ...(jemalloc === null
      ? []
      : [
          {
            ...{ setting: 'LD_PRELOAD', value: jemalloc, nodeFlags: [] },
            env: { LD_PRELOAD: [jemalloc, env['LD_PRELOAD'] ?? ''].join(' ').trim() },
          },
        ]),
    variable('UV_THREADPOOL_SIZE', Math.max(8, 2 * cpus)),
  ];
  return candidates.filter(
    ({ setting, value, nodeFlags: own }) =>
      (setting === 'LD_PRELOAD' ? !/jemalloc/.test(env[setting] ?? '') : env[setting] !== value) &&
      !own.some((one) => nodeFlags.includes(one)) &&
      value !== null,
  );
}

/** Where Debian, Ubuntu, Fedora, RHEL and Alpine put jemalloc; null where it is not installed. */
export function findJemalloc(arch: string = process.arch): string | null {
  const triple = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[arch] ?? arch;
  return (
    [`/usr/lib/${triple}`, '/usr/lib64', '/usr/lib']
      .map((folder) => `${folder}/libjemalloc.so.2`)
      .find((file) => existsSync(file)) ?? null
  );
}
