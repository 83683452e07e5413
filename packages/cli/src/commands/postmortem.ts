import { Command, Option } from 'commander';
import { aftermathCommands } from '../postmortem/aftermath.ts';
import { readJson, readText, writePostmortem } from '../postmortem/files.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { wholeNumber } from '../remote/whole-number.ts';
import { printable } from '../wording/printable.ts';

interface Flags extends ServerFlags {
  json?: boolean;
}

interface Postmortem {
  version: number | null;
  markdown: string;
  figures: Record<string, string>;
}

/** `ebb postmortem`: what the server wrote of an incident, from the shell. */
export function postmortemCommand(finish: (exitCode: number) => void): Command {
  const print = (flags: Flags, answer: unknown, text: string): void => {
    process.stdout.write(flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : `${text.trimEnd()}\n`);
    finish(0);
  };
  const sub = (name: string, summary: string): Command =>
    addServerOptions(new Command(name).summary(summary).description(summary))
      .argument('<ID>', "the incident's number", wholeNumber)
      .option('--json', 'print the answer of the server as one JSON document');
  const version = new Option('--version-number <N>', 'an older version').argParser(wholeNumber);
  const path = (id: number): string => `/api/v1/incidents/${id}/postmortem`;
  const show = sub('show', 'print it as Markdown')
    .addOption(version)
    .action(async (id: number, flags: Flags & { versionNumber?: number }) => {
      const answer = (await serverOf(flags).get(path(id), { version: flags.versionNumber })) as Postmortem;
      print(flags, answer, printable(answer.markdown, { newlines: true }));
    });
  const write = sub(
    'write',
    'write it to a file, by its name Markdown (.md, with the figures beside it) or HTML (.html)',
  )
    .argument('<FILE>', 'the file to write')
    .addOption(version)
    .action(async (id: number, file: string, flags: Flags & { versionNumber?: number }) => {
      const server = serverOf(flags);
      const query = flags.versionNumber === undefined ? '' : `?version=${flags.versionNumber}`;
      const isHtml = /\.html?$/i.test(file);
      const read = (await server.get(path(id), { version: flags.versionNumber })) as Postmortem;
      const written = isHtml
        ? writePostmortem(file, await server.text(`${path(id)}.html${query}`), {})
        : writePostmortem(file, read.markdown, read.figures);
      print(flags, { files: written }, written.map((one) => `written: ${one}`).join('\n'));
    });
  const edit = sub('edit', 'write a section of it from a file of Markdown; each edit is a version')
    .argument('<SECTION>', 'summary, timeline, cause, detection, response, measures, lessons or recurrence')
    .argument('<FILE>', 'the Markdown; - is standard input')
    .action(async (id: number, section: string, file: string, flags: Flags) => {
      const server = serverOf(flags);
      const { version: after } = (await server.get(path(id))) as Postmortem;
      const body = { sections: { [section]: readText(file) }, after: after ?? 0 };
      const answer = (await server.send('PATCH', path(id), body)) as { version: number };
      print(flags, answer, `version ${answer.version}`);
    });
  const refresh = sub('refresh', 'have it written anew from what is known now; what people wrote stays').action(
    async (id: number, flags: Flags) => {
      const answer = (await serverOf(flags).send('POST', `${path(id)}/refresh`)) as { version: number };
      print(flags, answer, `version ${answer.version}`);
    },
  );
  const versions = sub('versions', 'its versions: when, by whom, what is new').action(
    async (id: number, flags: Flags) => {
      const answer = (await serverOf(flags).get(`${path(id)}/versions`)) as {
        version: number;
        createdMs: number;
        createdBy: string;
        why: string;
      }[];
      const lines = answer.map((one) => {
        const when = new Date(one.createdMs).toISOString().slice(0, 16).replace('T', ' ');
        return `${String(one.version).padStart(3)}  ${when} UTC  ${printable(`${one.createdBy}: ${one.why}`)}`;
      });
      print(flags, answer, lines.length === 0 ? 'no version is kept yet' : lines.join('\n'));
    },
  );
  const prove = addServerOptions(new Command('prove'))
    .summary('close an action item by a proof that its leak is caught')
    .description(
      'Sends what `ebb review --json`, `ebb test --json`, `ebb soak --json` or an alert told of a replay of the leak.',
    )
    .argument('<ITEM>', "the action item's number", wholeNumber)
    .argument('<FILE>', 'the JSON; - is standard input')
    .option('--json', 'print the answer of the server as one JSON document')
    .action(async (item: number, file: string, flags: Flags) => {
      const document = readJson(file);
      const answer = (await serverOf(flags).send('POST', `/api/v1/action-items/${item}/proof`, document)) as {
        proved: string;
      };
      print(flags, answer, `closed: ${answer.proved}`);
    });
  const command = new Command('postmortem')
    .summary('postmortems: show, write, edit; action items; the review')
    .description('Reads and writes the postmortems of an `ebb up`, with the token of a responder; a viewer reads.')
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 the server refuses it, or the command was used wrongly; 3 the server does not answer.

Examples:
  ebb postmortem write 12 postmortem.md
  ebb postmortem edit 12 lessons lessons.md
  ebb postmortem add 12 test 'a memory test of the login' --owner ada --due 2026-12-31
  ebb postmortem review 12 --at 2026-11-24T10:00Z --invite ada@example.com
  ebb test --json workload.mjs | ebb postmortem prove 3 -`,
    );
  for (const one of [show, write, edit, refresh, versions, ...aftermathCommands(print), prove]) command.addCommand(one);
  return command;
}
