import { Chalk } from 'chalk';
import { Command, InvalidArgumentError } from 'commander';
import { readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { timedDocument } from '../report/timed-document.ts';

interface Flags {
  route: string[];
  openapi?: string;
  har?: string;
  url?: string;
  budget?: string;
  ratchet?: boolean;
  json?: boolean;
  junit?: string;
  sarif?: string;
  summary?: string;
  startLimit: number;
  requestLimit: number;
}

const USUAL_BUDGET = 'ebb.budget.json';

/** `ebb soak --route 'GET /path' … -- COMMAND…`: how many bytes each route of a service leaks per request. */
export function soakCommand(finish: (exitCode: number) => void): Command {
  return new Command('soak')
    .summary('drive a web service, and say what a request to each route leaks')
    .description(
      'Starts COMMAND with the Ebb agent in it, sends the requests to one route after the other again and again,\nand says what each leaves behind, with its interval, and what holds it. A route that leaks more than\nebb.budget.json grants (nothing, where it is not named) fails.',
    )
    .usage("[options] --route 'GET /path' … -- COMMAND…")
    .argument('<COMMAND...>', 'the service with its arguments: node server.js, npm start, …')
    .passThroughOptions()
    .option(
      '--route <ROUTE>',
      "a request: 'GET /path', or 'POST /path BODY'; {i} in it is the number of the request (repeatable)",
      (route: string, before: string[]) => [...before, route],
      [],
    )
    .option(
      '--openapi <FILE>',
      'routes of an OpenAPI 3 document (JSON or YAML), with its examples, or what its schemas allow',
    )
    .option('--har <FILE>', 'routes of recorded traffic (HTTP Archive)')
    .option('--url <URL>', 'where the service answers; otherwise the port that it listens on is found (Linux)')
    .option('--budget <FILE>', `what routes may leak (default: ${USUAL_BUDGET}, where it exists)`)
    .option('--ratchet', 'write what was measured into the budget: never more than it grants already')
    .option('--json', 'print the result as one JSON document (ebb.soak/1)')
    .option('--junit <FILE>', 'write JUnit XML as well')
    .option('--sarif <FILE>', 'write SARIF 2.1.0 as well')
    .option('--summary <FILE>', 'append a summary in Markdown, as to $GITHUB_STEP_SUMMARY')
    .option('--start-limit <SECONDS>', 'how long the service may take until it listens', seconds, 60)
    .option('--request-limit <SECONDS>', 'how long one request may take', seconds, 30)
    .addHelpText(
      'after',
      `
The service gets a free port in PORT, unless the environment has one. What it prints goes to standard error.
On GitHub Actions, errors are annotated at the lines that leak.

Exit codes: 0 no route leaks beyond its budget; 1 one does; 2 a route or file cannot be used; 3 Ebb could not finish.

Examples:
  ebb soak --route 'GET /' --route 'POST /login {"user":"u{i}"}' -- node server.js
  ebb soak --openapi openapi.json --junit soak.xml -- npm start`,
    )
    .action(async (command: string[], flags: Flags) => {
      finish(await run(command, flags));
    });
}

async function run(command: readonly string[], flags: Flags): Promise<number> {
  const { parseRoute } = await import('../soak/route.ts');
  const { routesOfHar } = await import('../soak/route-files.ts');
  const { routesOfOpenApi } = await import('../soak/openapi.ts');
  const { ratcheted, readBudget } = await import('../soak/budget.ts');
  const { checkReportPlace, writeReport, writeWhole } = await import('../report/write-file.ts');
  const { soak } = await import('../soak/soak.ts');

  const lists = [
    { routes: flags.route.map(parseRoute), left: [] },
    ...(flags.openapi === undefined ? [] : [routesOfOpenApi(flags.openapi)]),
    ...(flags.har === undefined ? [] : [routesOfHar(flags.har)]),
  ];
  const routes = lists.flatMap((list) => list.routes);
  const left = lists.flatMap((list) => list.left);
  if (routes.length === 0) {
    const why = left.length === 0 ? 'no route was named' : `none can be sent: ${printable(left[0] ?? '')}`;
    throw new CliError('EBB_CLI_SOAK_ROUTE', why);
  }
  if (flags.url !== undefined && !(URL.canParse(flags.url) && /^https?:$/.test(new URL(flags.url).protocol)))
    throw new CliError('EBB_CLI_SOAK_ROUTE', `'${printable(flags.url)}' is no http or https URL`);
  const budgetFile = flags.budget ?? USUAL_BUDGET;
  const budget = readBudget(budgetFile, { optional: flags.budget === undefined || flags.ratchet === true });
  for (const file of [flags.junit, flags.sarif]) if (file !== undefined) checkReportPlace(file);
  const say = (text: string): void => void process.stderr.write(`ebb: ${printable(text)}\n`);
  for (const one of left) say(`left out: ${one}`);

  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort(new CliError('EBB_CLI_SOAK_ENDED', 'the soak was called off'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const report = await soak({
      command,
      routes,
      budget,
      url: flags.url ?? null,
      startLimitMs: flags.startLimit * 1000,
      requestLimitMs: flags.requestLimit * 1000,
      signal: interruption.signal,
      onRoute: ({ name }, at) => {
        say(`route ${at + 1} of ${routes.length}: ${name}`);
      },
    });
    for (const warning of report.warnings) say(warning);
    for (const { route, code, message, next } of report.failures) {
      say(`'${route}' was not measured: ${message} (${code})`);
      if (next !== null) process.stderr.write(`     ${printable(next)}\n`);
    }
    if (flags.json === true) process.stdout.write(timedDocument(report));
    else await print(report);
    if (flags.junit !== undefined) writeWhole(flags.junit, (await import('../soak/junit.ts')).junitXml(report));
    if (flags.sarif !== undefined)
      writeReport(flags.sarif, (await import('../soak/sarif.ts')).sarif(report, version()));
    if (flags.summary !== undefined) await append(flags.summary, report);
    if (process.env['GITHUB_ACTIONS'] === 'true')
      for (const line of (await import('../soak/annotations.ts')).annotations(report))
        process.stderr.write(`${line}\n`);
    if (flags.ratchet === true) {
      const spent = report.routes.map(({ route, verdict, interval }) => ({
        route,
        leaks: verdict === 'leak',
        mostBytes: interval[1],
      }));
      writeReport(budgetFile, ratcheted(budget, spent));
      return report.failures.length > 0 ? 2 : 0;
    }
    if (report.overBudget) return 1;
    return report.failures.length > 0 ? 2 : 0;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

async function print(report: Awaited<ReturnType<typeof import('../soak/soak.ts').soak>>): Promise<void> {
  const { routeText } = await import('../soak/soak-text.ts');
  const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  const width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) : 100;
  for (const route of report.routes) process.stdout.write(routeText(route, { chalk, colour, width }));
}

async function append(
  file: string,
  report: Parameters<typeof import('../soak/markdown.ts').markdown>[0],
): Promise<void> {
  const { appendFile } = await import('node:fs/promises');
  const { markdown } = await import('../soak/markdown.ts');
  try {
    await appendFile(file, markdown(report));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('EBB_CLI_REPORT_NOT_WRITTEN', `'${printable(file)}' cannot be written: ${printable(why)}`, {
      cause,
    });
  }
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('give a number of seconds, from above 0 to 86400.');
  return value;
}
