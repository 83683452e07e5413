import { Command, InvalidArgumentError, Option } from 'commander';
import { blameCommand } from '../blame/blame-command.ts';
import { changeLines, listChanges } from '../deploy/change.ts';
import { moment } from '../remote/moment.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';

interface RecordFlags extends ServerFlags {
  service: string;
  version?: string;
  revision?: string;
  environment?: string;
  namespace?: string;
  kind: string;
  summary?: string;
  link?: string;
  at?: number;
  json?: true;
}

interface ListFlags extends ServerFlags {
  service?: string;
  most: number;
  json?: true;
}

/** `ebb deploy record`, `ebb deploy list`: the server's changes from the shell; `ebb deploy blame`: the commits behind one. */
export function deployCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('deploy')
    .summary('tell the server of a deploy, list them, name the commits behind a leak')
    .description(
      'Changes of services, as the server of `ebb up` knows them. New versions in telemetry are changes by themselves; what telemetry\n' +
        'does not show (a configuration, a flag, who deployed what) is told with `ebb deploy record`, from any CI in one line.',
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 the command was used wrongly, or the server refuses it; 3 the server does not answer.`,
    );
  for (const sub of [recordCommand(finish), listCommand(finish), blameCommand(finish)]) {
    // As the commands of the program are set up, which these are not.
    sub.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
    command.addCommand(sub.helpOption('-h, --help', 'print help'));
  }
  return command.helpCommand(false);
}

function recordCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('record')
    .summary('tell the server of a change')
    .requiredOption('--service <NAME>', 'whose change it is: service.name of its telemetry')
    .option('--version <VERSION>', 'the version that runs from now on: service.version')
    .option('--revision <COMMIT>', 'its commit')
    .option('--environment <NAME>', 'where: deployment.environment.name')
    .option('--namespace <NAME>', 'service.namespace')
    .addOption(
      new Option('--kind <KIND>', 'what kind of change it is')
        .choices(['deploy', 'config', 'flag', 'other'])
        .default('deploy'),
    )
    .option('--summary <TEXT>', 'what was changed, in a line (default: made of the version)')
    .option('--link <URL>', 'where more is told: the pipeline, the pull request')
    .addOption(new Option('--at <TIME>', 'when it was, as RFC 3339 (default: now)').argParser(moment))
    .option('--json', 'print the answer as JSON');
  return addServerOptions(command).action(async (flags: RecordFlags) => {
    const { service, version, revision, environment, namespace, kind, link, at } = flags;
    const what = version ?? revision?.slice(0, 12) ?? `a ${kind}`;
    const body = {
      ...{ service, kind, version, revision, environment, namespace },
      summary: flags.summary ?? `${what}${environment === undefined ? '' : ` to ${environment}`}`,
      source: 'ebb deploy record',
      timeMs: at ?? Date.now(),
      ...(link === undefined ? {} : { links: [{ href: link, text: 'more' }] }),
    };
    const answer = (await serverOf(flags).send('POST', '/api/v1/changes', body)) as { id: number };
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(answer)}\n` : `change ${answer.id} of ${service}: ${body.summary}\n`,
    );
    finish(0);
  });
}

function listCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('list')
    .summary('list changes, the newest first')
    .option('--service <NAME>', 'of one service only')
    .addOption(new Option('--most <N>', 'so many at most').default(20).argParser(most))
    .option('--json', 'print them as JSON');
  return addServerOptions(command).action(async (flags: ListFlags) => {
    const changes = await listChanges(serverOf(flags), { service: flags.service, most: flags.most });
    const lines = changes.length === 0 ? ['no change is known'] : changeLines(changes);
    process.stdout.write(flags.json === true ? `${JSON.stringify({ changes })}\n` : `${lines.join('\n')}\n`);
    finish(0);
  });
}

function most(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1000)
    throw new InvalidArgumentError('It is a whole number from 1 to 1000.');
  return number;
}
