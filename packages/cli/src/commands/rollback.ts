import { Command } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import type { Action, Plan } from '../rollback/rollback.ts';
import { printable } from '../wording/printable.ts';

interface Flags extends ServerFlags {
  to?: string;
  forward?: true;
  why?: string;
  yes?: true;
  json?: true;
}

/** `ebb rollback SERVICE`: says whether it would help and what would be done; does it with `--yes`. */
export function rollbackCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('rollback')
    .summary('say whether going back a version would help, and do it')
    .description(
      'Shows the plan: first what is known of the changes (whether an older version grew as fast, too), then what would be\ndone, then what speaks against it. Nothing is done without --yes; `ebb respond` beside the service does it.',
    )
    .argument('<SERVICE>', 'its name, or namespace/name/environment')
    .option('--to <VERSION>', 'where to (default: the version that was seen before the newest)')
    .option('--forward', 'roll forward to --to, a version in which it is fixed')
    .option('--why <TEXT>', 'for whoever reads the timeline')
    .option('--yes', 'order it, and wait until it is over')
    .option('--json', 'print the plan, or with --yes the action, as one JSON document');
  return addServerOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 planned, or done; 1 something speaks against it; 2 it was used wrongly; 3 it failed, or Ebb could not finish.

Examples:
  ebb rollback shop
  ebb rollback shop --to 1.1 --why 'the leak of 1.2' --yes
  ebb rollback shop --forward --to 1.3 --yes`,
    )
    .action(async (name: string, flags: Flags) => {
      finish(await run(name, flags));
    });
}

async function run(name: string, flags: Flags): Promise<number> {
  const { findWanted, planText, waitFor } = await import('../rollback/rollback.ts');
  const client = serverOf(flags);
  const wanted = await findWanted(client, { name, to: flags.to, forward: flags.forward === true });
  const plan = (await client.send('POST', '/api/v1/actions/plan', wanted)) as Plan;
  if (flags.json !== true) process.stdout.write(planText(plan));
  if (flags.yes !== true || !plan.allowed) {
    if (flags.json === true) process.stdout.write(`${JSON.stringify({ format: 'ebb.plan/1', ...plan }, null, 2)}\n`);
    else if (plan.allowed) process.stdout.write('\nNothing was done. --yes orders it.\n');
    return plan.allowed ? 0 : 1;
  }
  const order = { ...wanted, why: flags.why ?? `ebb rollback ${name}` };
  const ordered = (await client.send('POST', '/api/v1/actions', order)) as Action;
  process.stderr.write(`ebb: action ${ordered.id} is ordered\n`);
  const action = await waitFor(client, ordered.id);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ format: 'ebb.action/1', ...action }, null, 2)}\n`);
  else process.stdout.write(`\n${action.state}: ${printable(action.outcome ?? '')}\n`);
  if (action.state === 'done') return 0;
  throw new CliError(
    'EBB_CLI_ACTION_FAILED',
    `action ${action.id} is ${action.state}: ${printable(action.outcome ?? 'no reason was given')}`,
  );
}
