import { Command, InvalidArgumentError, Option } from 'commander';
import { addPlaceOptions, placeOf, type PlaceFlags } from '../up/place.ts';

interface UpFlags extends PlaceFlags {
  host: string;
  port: number;
  rules?: string;
  oncall?: string;
  response?: string;
  checkRules?: true;
  publicUrl?: URL;
}

/** `ebb up`: the server. */
export function upCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('up')
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
    .addOption(
      new Option(
        '--public-url <URL>',
        'where readers reach it, behind a proxy: like https://ebb.example.com',
      ).argParser(publicUrl),
    );
  return addPlaceOptions(command)
    .option('--rules <FILE>', 'alert rules in YAML: what is an alert, and who is told; SIGHUP reads them anew')
    .option(
      '--oncall <FILE>',
      'who is on call, in YAML: people, schedules, who is paged after whom; SIGHUP reads it anew',
    )
    .option(
      '--response <FILE>',
      'what may be done about which service, in YAML: nothing without it; SIGHUP reads it anew',
    )
    .option('--check-rules', 'start nothing: look whether the rules can be used, and say all that is wrong')
    .addHelpText(
      'after',
      `
Exit codes: 0 it was stopped; 2 it could not start as it was told to; 3 Ebb could not finish.

It needs Node.js 22.13 or later.`,
    )
    .action(async ({ host, port, publicUrl, rules, oncall, response, checkRules, ...place }: UpFlags) => {
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
        ...(publicUrl === undefined ? {} : { publicUrl }),
        ...(rules === undefined ? {} : { rulesFile: rules }),
        ...(oncall === undefined ? {} : { onCallFile: oncall }),
        ...(response === undefined ? {} : { responseFile: response }),
        database: placeOf(place),
      });
      finish(0);
    });
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
  return number;
}

function publicUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new InvalidArgumentError('It begins with https:// or http://.');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new InvalidArgumentError('It is a host, without a path.');
  return url;
}
