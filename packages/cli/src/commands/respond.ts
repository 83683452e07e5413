import { Command, InvalidArgumentError } from 'commander';
import { hostname } from 'node:os';
import { CliError } from '../errors/cli-error.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { actionKinds, together, type ActionKind, type Executor } from '../respond/executor.ts';
import { printable } from '../wording/printable.ts';

interface Flags extends ServerFlags {
  service: string;
  cluster?: string;
  pm2?: string;
  can: ActionKind[];
  trim?: true;
  limit: number;
  name: string;
}

/** `ebb respond --service NAME …`: carries out what the server orders, beside the service. */
export function respondCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('respond')
    .summary('carry out, beside the service, what the server orders')
    .description(
      'Asks the server for orders of one service and carries them out on this machine: through PM2, the primary of a Node\ncluster, or a command of yours. What may be ordered, by whom and how often, says the file that the server was given with\n`ebb up --response`. Nothing is done without an order, and each step is checked by process id and start time.',
    )
    .usage('[options] --service NAME [--trim] (--cluster SOCKET | --pm2 APP | -- COMMAND…)')
    .argument('[COMMAND...]', 'what carries an action out; the facts are in its environment (EBB_ACTION, EBB_PID, …)')
    .passThroughOptions()
    .requiredOption('--service <NAME>', 'the service, as its processes call themselves')
    .option('--cluster <SOCKET>', "the socket of serveRestarts() in a cluster's primary")
    .option('--pm2 <APP>', 'an app of PM2 in cluster mode')
    .option('--can <KINDS>', `what COMMAND can do: ${actionKinds.join(', ')}`, readKinds, [
      'restart',
      'rollback',
      'rollforward',
    ])
    .option('--trim', 'have processes give freed memory back that malloc keeps: those with the agent and EBB_TRIM=1')
    .option('--limit <SECONDS>', 'how long one step may take', seconds, 120)
    .option('--name <NAME>', 'who this is, for the timeline', hostname());
  return addServerOptions(command)
    .addHelpText(
      'after',
      `
The token is a responder's. Ends with SIGINT (Ctrl-C) or SIGTERM, when the step under way is over.

Exit codes: 0 it was stopped; 2 it could not start as it was told to; 3 Ebb could not finish.

Examples:
  ebb respond --service shop --pm2 shop
  ebb respond --service shop --cluster /run/shop/restart.sock --trim
  ebb respond --service shop --can rollback,rollforward -- ./deploy.sh`,
    )
    .action(async (words: string[], flags: Flags) => {
      const executor = await executorOf(words, flags);
      const client = serverOf(flags);
      const { respond } = await import('../respond/runner.ts');
      const interruption = new AbortController();
      const interrupt = (): void => {
        interruption.abort();
      };
      const signals = ['SIGINT', 'SIGTERM'] as const;
      for (const signal of signals) process.on(signal, interrupt);
      const say = (line: string): void => void process.stderr.write(`ebb: ${printable(line)}\n`);
      say(`responds for ${flags.service} by ${executor.name}, as ${flags.name}`);
      await respond({ client, service: flags.service, executor, name: flags.name, say, signal: interruption.signal });
      for (const signal of signals) process.off(signal, interrupt);
      finish(0);
    });
}

async function executorOf(words: readonly string[], flags: Flags): Promise<Executor> {
  const { cluster, pm2, can, trim, limit } = flags;
  const given = [cluster, pm2, words.length > 0 ? words : undefined].filter((one) => one !== undefined);
  if (given.length > 1 || (given.length === 0 && trim === undefined))
    throw new CliError('EBB_CLI_USAGE', 'give one of --cluster SOCKET, --pm2 APP, or a COMMAND behind --; or --trim');
  if (trim === undefined) return await startingExecutor(words, flags);
  if (words.length > 0 && can.includes('trim'))
    throw new CliError('EBB_CLI_USAGE', 'give --trim, or a COMMAND with --can trim: not both do it');
  const own = (await import('../respond/trim-executor.ts')).trimExecutor(limit * 1000);
  return given.length === 0 ? own : together(await startingExecutor(words, flags), own);
}

/** Who starts processes. */
async function startingExecutor(words: readonly string[], { cluster, pm2, can, limit }: Flags): Promise<Executor> {
  const limitMs = limit * 1000;
  if (cluster !== undefined) return (await import('../respond/cluster-executor.ts')).clusterExecutor(cluster, limitMs);
  if (pm2 !== undefined) return (await import('../respond/pm2-executor.ts')).pm2Executor(pm2, { limitMs });
  return (await import('../respond/command-executor.ts')).commandExecutor(words, { kinds: can, limitMs });
}

function readKinds(text: string): ActionKind[] {
  const found = text.split(',').map((word) => word.trim());
  const unknown = found.find((word) => !actionKinds.includes(word as ActionKind));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`it is of ${actionKinds.join(', ')}, not '${printable(unknown)}'.`);
  return found as ActionKind[];
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('give a number of seconds, from above 0 to 86400.');
  return value;
}
