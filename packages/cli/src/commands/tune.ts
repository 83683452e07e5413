import { Command, InvalidArgumentError } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

interface Flags {
  route: string[];
  url?: string;
  containerLimit?: number;
  runs: number;
  seconds: number;
  warmUp: number;
  connections: number;
  json?: true;
  startLimit: number;
  requestLimit: number;
}

const MB = 2 ** 20;

/** `ebb tune --route 'GET /path' … -- COMMAND…`: which memory settings change anything for this service. */
export function tuneCommand(finish: (exitCode: number) => void): Command {
  return new Command('tune')
    .summary('measure which memory settings help a service, and recommend them')
    .description(
      'Starts COMMAND under load again and again, as it is today and with one setting changed at a time, and says what\neach changed in memory, CPU a request, latency and garbage collection: --max-semi-space-size, MALLOC_ARENA_MAX,\nUV_THREADPOOL_SIZE. From the peak it computes --max-old-space-size against the container, and the container itself.',
    )
    .usage("[options] --route 'GET /path' … -- COMMAND…")
    .argument('<COMMAND...>', 'the service with its arguments: node server.js, npm start, …')
    .passThroughOptions()
    .option(
      '--route <ROUTE>',
      "a request of the load, as for `ebb soak`: 'GET /path', 'POST /path BODY'; {i} is its number (repeatable)",
      (route: string, before: string[]) => [...before, route],
      [],
    )
    .option('--url <URL>', 'where the service answers; otherwise the port that it listens on is found (Linux)')
    .option(
      '--container-limit <MB>',
      'of the container that it will run in (default: the one that it runs in)',
      megabytes,
    )
    .option('--runs <N>', 'runs of each setting; a difference needs four', whole(2, 100), 4)
    .option('--seconds <N>', 'how long a run is measured', whole(1, 3600), 10)
    .option('--warm-up <N>', 'seconds of load before that', whole(0, 3600), 3)
    .option('--connections <N>', 'how many ask at once', whole(1, 1000), 16)
    .option('--json', 'print the result as one JSON document (ebb.tune/1)')
    .option('--start-limit <SECONDS>', 'how long the service may take until it listens', whole(1, 86_400), 60)
    .option('--request-limit <SECONDS>', 'how long one request may take', whole(1, 86_400), 30)
    .addHelpText(
      'after',
      `
A figure counts as changed only where no run with the setting is as good as any without. The load is made on this machine
and takes CPU from the service: figures are for comparing, not for promises.

Exit codes: 0 measured; 2 a route or the service cannot be used; 3 Ebb could not finish.

Example:
  ebb tune --route 'GET /' --route 'POST /login {"user":"u{i}"}' --container-limit 512 -- node server.js`,
    )
    .action(async (command: string[], flags: Flags) => {
      await run(command, flags);
      finish(0);
    });
}

async function run(command: readonly string[], flags: Flags): Promise<void> {
  const { parseRoute } = await import('../soak/route.ts');
  const { tune } = await import('../tune/tune.ts');
  const { tuneText } = await import('../tune/tune-text.ts');
  const routes = flags.route.map(parseRoute);
  if (routes.length === 0) throw new CliError('EBB_CLI_SOAK_ROUTE', 'no route was named');
  if (flags.url !== undefined && !(URL.canParse(flags.url) && /^https?:$/.test(new URL(flags.url).protocol)))
    throw new CliError('EBB_CLI_SOAK_ROUTE', `'${printable(flags.url)}' is no http or https URL`);
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const report = await tune({
      command,
      routes,
      url: flags.url ?? null,
      startLimitMs: flags.startLimit * 1000,
      requestLimitMs: flags.requestLimit * 1000,
      connections: flags.connections,
      warmUpMs: flags.warmUp * 1000,
      measureMs: flags.seconds * 1000,
      runs: flags.runs,
      containerLimitBytes: flags.containerLimit === undefined ? null : flags.containerLimit * MB,
      signal: interruption.signal,
      onRun: ({ setting, value }, round) => {
        const what =
          value === null
            ? 'as it is today'
            : value.includes(' ') || value.startsWith('--')
              ? value
              : `${setting}=${value}`;
        process.stderr.write(`ebb: round ${round} of ${flags.runs}: ${what}\n`);
      },
    });
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : printable(tuneText(report), { newlines: true }),
    );
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`);
    return value;
  };
}

function megabytes(text: string): number {
  return whole(32, 1_000_000)(text);
}
