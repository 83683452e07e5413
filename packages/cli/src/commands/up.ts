import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

interface UpFlags {
  host: string;
  port: number;
  data?: string;
  database?: string;
  rules?: string;
  checkRules?: true;
}

/** `ebb up`: the server. */
export function upCommand(finish: (exitCode: number) => void): Command {
  return new Command('up')
    .summary('start the server: every process of every service in one place')
    .description(
      'Starts the server. It takes OTLP/HTTP metrics from agents and from any OpenTelemetry exporter, and remote-write from\n' +
        'Prometheus, and keeps them in SQLite or PostgreSQL. It is reached from this machine only, unless --host says otherwise. The first start\n' +
        'makes two tokens and prints them this once. Ends with SIGINT (Ctrl-C) or SIGTERM, when all that came is stored.',
    )
    .option('--host <ADDRESS>', 'the address to listen on; 0.0.0.0 is everywhere', '127.0.0.1')
    .addOption(
      new Option('--port <N>', 'the port to listen on, 0 for any; 4318 is where exporters send to')
        .default(4318)
        .argParser(port),
    )
    .option('--data <DIR>', 'the folder of the SQLite database (default: ebb in $XDG_DATA_HOME, or ~/.local/share)')
    .addOption(
      new Option('--database <URL>', 'a PostgreSQL database instead, like postgres://user@host/ebb').conflicts('data'),
    )
    .option('--rules <FILE>', 'alert rules in YAML: what is an alert, and who is told; SIGHUP reads them anew')
    .option('--check-rules', 'start nothing: look whether the rules can be used, and say all that is wrong')
    .addHelpText(
      'after',
      `
Exit codes: 0 it was stopped; 2 it could not start as it was told to; 3 Ebb could not finish.

It needs Node.js 22.13 or later.`,
    )
    .action(async ({ host, port, data, database, rules, checkRules }: UpFlags) => {
      // Loaded here: other commands do without it, also on versions of Node.js that it does not run on.
      const { check, serve } = await import('../up/serve.ts');
      if (checkRules === true) {
        await check(rules);
        finish(0);
        return;
      }
      await serve({
        host,
        port,
        ...(rules === undefined ? {} : { rulesFile: rules }),
        database: database === undefined ? { directory: data ?? usualDirectory() } : { url: database },
      });
      finish(0);
    });
}

function usualDirectory(): string {
  const { XDG_DATA_HOME: told } = process.env;
  return join(told === undefined || told === '' ? join(homedir(), '.local/share') : told, 'ebb');
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return number;
}
