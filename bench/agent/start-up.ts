// What loading an agent costs a process: from its start to its end where the program exits at once, and all of it (what is
// loaded behind the program's first turn, too) in CPU time and memory where the program stays for a moment.
import { median } from './figures.ts';
import { spawnSync } from 'node:child_process';
import { Service } from './service.ts';

/** Medians; milliseconds and bytes. */
export interface StartUp {
  emptyMs: number;
  cpuMs: number;
  rssBytes: number;
}

const staying = `setTimeout(() => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ cpuMs: (user + system) / 1e3, rssBytes: process.memoryUsage().rss }));
  process.exit();
}, 600)`;

/** Each variant so many times, in turns. */
export function measureStartUp(
  variants: Record<string, string[]>,
  env: NodeJS.ProcessEnv,
  rounds: number,
): Record<string, StartUp> {
  const taken: Record<string, StartUp[]> = {};
  for (let i = 0; i < rounds; i++) {
    for (const [name, flags] of Object.entries(variants)) {
      const fromMs = performance.now();
      const empty = spawnSync(process.execPath, [...flags, '-e', 'process.exit()'], { env });
      const emptyMs = performance.now() - fromMs;
      const stayed = spawnSync(process.execPath, [...flags, '-e', staying], { env, encoding: 'utf8' });
      if (empty.status !== 0 || stayed.status !== 0) throw new Error(`${name} does not start: ${stayed.stderr}`);
      const { cpuMs, rssBytes } = JSON.parse(stayed.stdout) as Omit<StartUp, 'emptyMs'>;
      (taken[name] ??= []).push({ emptyMs, cpuMs, rssBytes });
    }
  }
  return Object.fromEntries(
    Object.entries(taken).map(([name, all]) => {
      const of = (field: keyof StartUp): number => median(all.map((each) => each[field]));
      return [name, { emptyMs: of('emptyMs'), cpuMs: of('cpuMs'), rssBytes: of('rssBytes') }];
    }),
  );
}

/** From the start of a service until it says where it listens: medians, in milliseconds. */
export async function measureListening(
  variants: Record<string, string[]>,
  command: string[],
  env: NodeJS.ProcessEnv,
  rounds: number,
): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = {};
  for (let i = 0; i < rounds; i++) {
    for (const [name, flags] of Object.entries(variants)) {
      const fromMs = performance.now();
      const service = new Service([...flags, ...command], env);
      await service.listening();
      (taken[name] ??= []).push(performance.now() - fromMs);
      await service.stop();
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, all]) => [name, median(all)]));
}
