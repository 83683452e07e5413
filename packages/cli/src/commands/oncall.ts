import { Command, InvalidArgumentError, Option } from 'commander';
import { addServerOptions, type ServerFlags } from '../remote/server-flags.ts';

interface OnCallFlags extends ServerFlags {
  days: number;
  for?: number;
  why?: string;
  json?: true;
}

/** `ebb oncall`: who is on call, and what people answer. */
export function oncallCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('oncall')
    .summary('who is on call now and next; test a page, acknowledge, check a plan')
    .description('Tells who is on call now, and who is next, as a server of `ebb up --oncall FILE` has it.')
    .argument('[ACTION]', 'what else to do: see below')
    .argument('[NAME...]', 'to whom or what')
    .addOption(new Option('--days <N>', 'how far `schedule` looks').default(14).argParser(days))
    .addOption(new Option('--for <DURATION>', 'how long it holds: 90m, 4h, 2d').argParser(duration))
    .option('--why <TEXT>', 'why others are on call')
    .option('--json', 'print JSON');
  return addServerOptions(command)
    .addHelpText(
      'after',
      `
Actions:
  schedule NAME               who is on call from when to when (--days), gaps, and what changes of the clocks do
  override NAME PERSON…       others are on call from now on, --for so long, and --why
  test PERSON                 send a marked test by each of somebody's ways, and tell what came of it
  acknowledge INCIDENT        nobody else is paged, --for a while
  reassign INCIDENT WHO       page somebody else: a person, schedule:NAME or team:NAME
  call INCIDENT WHO…          page others, too
  check FILE                  look whether a plan can be used, without a server; needs Node.js 22.13 or later

Exit codes: 0 done; 1 a test reached nobody; 2 it was asked wrongly, or the plan cannot be used; 3 Ebb could not finish.`,
    )
    .action(async (action: string | undefined, names: string[], flags: OnCallFlags) => {
      // Loaded here: other commands do without it.
      const { runOnCall } = await import('../oncall/run.ts');
      const { text, exitCode } = await runOnCall(action ?? 'now', names, flags);
      process.stdout.write(text);
      finish(exitCode);
    });
}

function days(value: string): number {
  const number = Number(value);
  if (!/^\d+$/u.test(value) || number < 1 || number > 366) throw new InvalidArgumentError('It is from 1 to 366.');
  return number;
}

/** Milliseconds. */
function duration(value: string): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mhd])$/u.exec(value) ?? [];
  if (count === '' || Number(count) === 0) throw new InvalidArgumentError('It is minutes, hours or days: 90m, 4h, 2d.');
  return Number(count) * (unit === 'm' ? 60_000 : unit === 'h' ? 3_600_000 : 86_400_000);
}
