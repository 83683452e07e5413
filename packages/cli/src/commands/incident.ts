import { Command, Option } from 'commander';
import {
  incidentLines,
  listLines,
  type ListedIncident,
  type ShownIncident,
  type ShownPaging,
} from '../incident/render.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { wholeNumber } from '../remote/whole-number.ts';
import { printable } from '../wording/printable.ts';

interface Flags extends ServerFlags {
  json?: boolean;
}

/** `ebb incident`: the server's incidents from the shell. */
export function incidentCommand(finish: (exitCode: number) => void): Command {
  const print = (flags: Flags, answer: unknown, lines: () => string[]): void => {
    process.stdout.write(flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : `${lines().join('\n')}\n`);
    finish(0);
  };
  const sub = (name: string, summary: string): Command =>
    addServerOptions(new Command(name).summary(summary).description(summary)).option(
      '--json',
      'print the answer of the server as one JSON document',
    );
  const list = sub('list', 'incidents that are open, newest first')
    .option('--all', 'those that are over, too')
    .action(async (flags: Flags & { all?: boolean }) => {
      const open = flags.all === true ? 'false' : 'true';
      const answer = (await serverOf(flags).get('/api/v1/incidents', { open })) as ListedIncident[];
      print(flags, answer, () => listLines(answer));
    });
  const show = sub('show', 'an incident with its timeline, in UTC, with your zone and the team’s beside it')
    .argument('<ID>', 'its number', wholeNumber)
    .addOption(
      new Option('--zone <ZONE>', 'your time zone, such as Africa/Nairobi').default(ownZone(), 'this machine’s'),
    )
    .action(async (id: number, flags: Flags & { zone: string }) => {
      const server = serverOf(flags);
      const answer = (await server.get(`/api/v1/incidents/${id}`, { zone: flags.zone })) as ShownIncident;
      const paging = (await server.get(`/api/v1/incidents/${id}/escalation`)) as ShownPaging;
      print(flags, answer, () => incidentLines(answer, paging));
    });
  const note = sub('note', 'write a note on the timeline')
    .argument('<ID>', 'its number', wholeNumber)
    .argument('<TEXT>', 'what to write')
    .action(async (id: number, text: string, flags: Flags) => {
      const answer = await serverOf(flags).send('POST', `/api/v1/incidents/${id}/notes`, { text });
      print(flags, answer, () => [`written on the timeline of incident ${id}`]);
    });
  const suspect = sub('suspect', 'write down what you think it comes from')
    .argument('<ID>', 'its number', wholeNumber)
    .argument('<WHAT>', 'what is suspected')
    .option('--why <REASON>', 'why')
    .action(async (id: number, title: string, { why = '', ...flags }: Flags & { why?: string }) => {
      const answer = (await serverOf(flags).send('POST', `/api/v1/incidents/${id}/hypotheses`, { title, why })) as {
        id: number;
      };
      print(flags, answer, () => [`hypothesis ${answer.id} of incident ${id}`]);
    });
  const decide = (state: 'exonerated' | 'confirmed', verb: string): Command =>
    sub(verb, `say that what was suspected is ${state}`)
      .argument('<ID>', "the incident's number", wholeNumber)
      .argument('<HYPOTHESIS>', "the hypothesis's number", wholeNumber)
      .requiredOption('--why <REASON>', 'why')
      .action(async (id: number, hypothesis: number, { why, ...flags }: Flags & { why: string }) => {
        const path = `/api/v1/incidents/${id}/hypotheses/${hypothesis}`;
        const answer = await serverOf(flags).send('POST', path, { state, why });
        print(flags, answer, () => [`hypothesis ${hypothesis} of incident ${id} is ${state}`]);
      });
  const role = sub('role', 'say who is commander, operations, communications or scribe')
    .argument('<ID>', 'its number', wholeNumber)
    .argument('<ROLE>', 'commander, operations, communications or scribe')
    .argument('<NAME>', 'who; empty: nobody')
    .action(async (id: number, name: string, holder: string, flags: Flags) => {
      const path = `/api/v1/incidents/${id}/roles/${encodeURIComponent(name)}`;
      const answer = await serverOf(flags).send('PUT', path, { name: holder });
      print(flags, answer, () => [`written on the timeline of incident ${id}`]);
    });
  const resolve = sub('resolve', 'resolve an incident; while it goes on, a reason is needed')
    .argument('<ID>', 'its number', wholeNumber)
    .option('--reason <REASON>', 'why it is resolved, though it goes on')
    .action(async (id: number, { reason, ...flags }: Flags & { reason?: string }) => {
      const body = reason === undefined ? {} : { reason };
      const answer = (await serverOf(flags).send('POST', `/api/v1/incidents/${id}/resolve`, body)) as {
        state: { sentence: string };
      };
      print(flags, answer, () => [`incident ${id} is resolved; as measured: ${answer.state.sentence}`]);
    });
  const numbers = sub('numbers', 'how long it took to detect, acknowledge, mitigate and resolve, by service and team')
    .addOption(new Option('--days <N>', 'of the last so many days').default(90).argParser(wholeNumber))
    .action(async (flags: Flags & { days: number }) => {
      const answer = (await serverOf(flags).get('/api/v1/incidents/numbers', { days: flags.days })) as {
        lines: string[];
      };
      print(flags, answer, () => answer.lines.map((line) => printable(line)));
    });
  const command = new Command('incident')
    .summary("a server's incidents: list, show, note, suspect, resolve, numbers")
    .description('Works on the incidents of an `ebb up`, with the token of a responder; a viewer reads.')
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 the server refuses it, or the command was used wrongly; 3 the server does not answer.

Examples:
  ebb incident list
  ebb incident show 12 --zone Africa/Nairobi
  ebb incident suspect 12 'release 1.2' --why 'it is the latest change'
  ebb incident exonerate 12 3 --why 'rolled back, and memory still climbs'`,
    );
  for (const one of [list, show, note, suspect, decide('exonerated', 'exonerate'), decide('confirmed', 'confirm')])
    command.addCommand(one);
  for (const one of [role, resolve, numbers]) command.addCommand(one);
  return command;
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
