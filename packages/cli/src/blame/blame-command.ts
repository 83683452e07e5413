/** `ebb deploy blame`: the commits behind a culprit. */
import { Command, Option } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { wholeNumber } from '../remote/whole-number.ts';
import type { Blame, Question } from './blame.ts';
import type { Repository } from './repository.ts';

interface Flags extends ServerFlags {
  report?: string;
  incident?: number;
  fingerprint?: string;
  holder?: string;
  from?: string;
  to?: string;
  repo: string;
  json?: true;
}

/** The command; `ebb deploy` has it as one of its own. */
export function blameCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('blame')
    .summary('name the commits that touched the culprit, ranked with reasons')
    .description(
      "Reads the history of a git repository: who wrote the culprit's line, who changed its function, who brought code that\n" +
        'adds to what holds the memory or took out what removes from it; for installed code, who moved the package to another\n' +
        'version. Commits between the version that did not grow and the one that does come first. With --incident the server\n' +
        'says where the culprit is and between which versions it came, and shows what was found with the incident.',
    )
    .argument('[PLACE]', 'where the culprit is: src/session-store.ts:57')
    .option('--report <FILE>', 'take it from a report of `ebb watch --report` or `ebb analyze --json`')
    .addOption(new Option('--incident <ID>', "take it from an incident of the server's").argParser(wholeNumber))
    .option('--fingerprint <TEXT>', 'of the findings, the one whose fingerprint begins so')
    .option('--holder <NAME>', 'what the program calls what holds the memory, such as sessions')
    .option('--from <REVISION>', 'the last that did not grow: a commit, a tag, or a version that is a tag')
    .option('--to <REVISION>', 'the first that did (default: HEAD)')
    .option('--repo <FOLDER>', 'where the repository is', '.')
    .option('--json', 'print it as one JSON document (ebb.blame/1)');
  return addServerOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 the history was read; 2 place, revision, report or repository cannot be used; 3 git or the server failed.

Examples:
  ebb deploy blame src/session-store.ts:57 --holder sessions --from v1.0 --to v1.1
  ebb deploy blame --report leak.json --from 1.0 --to 1.1
  ebb deploy blame --incident 12`,
    )
    .action(async (place: string | undefined, flags: Flags) => {
      const { openRepository } = await import('./repository.ts');
      const { blame } = await import('./blame.ts');
      const { blameLines } = await import('./blame-text.ts');
      const ways = [place, flags.report, flags.incident].filter((way) => way !== undefined);
      if (ways.length !== 1) throw new CliError('EBB_CLI_USAGE', 'give one of PLACE, --report FILE and --incident ID');
      const repository = await openRepository(flags.repo);
      const found = await blame(repository, await questionOf(repository, place, flags));
      if (flags.json === true)
        process.stdout.write(`${JSON.stringify({ format: 'ebb.blame/1', ...found }, null, 2)}\n`);
      else process.stdout.write(`${blameLines(found).join('\n')}\n`);
      if (flags.incident !== undefined) await tellServer(flags.incident, found, flags);
      finish(0);
    });
}

async function questionOf(repository: Repository, place: string | undefined, flags: Flags): Promise<Question> {
  const { typedPlace, culpritOfIncident, culpritOfReport } = await import('./culprit.ts');
  const { fingerprint } = flags;
  const named = { from: flags.from ?? null, to: flags.to ?? null, isNamed: true };
  if (place !== undefined) {
    const { file, line } = typedPlace(place);
    // A line of the code that leaks is nearly always the one that adds.
    return { places: [{ role: 'insert', file, line }], folder: process.cwd(), holder: flags.holder ?? null, ...named };
  }
  if (flags.report !== undefined) {
    const culprit = await culpritOfReport(repository, { file: flags.report, fingerprint });
    return { ...culprit, holder: flags.holder ?? culprit.holder, ...named };
  }
  const client = serverOf(flags);
  const told = await culpritOfIncident(repository, { client, id: flags.incident ?? 0, fingerprint });
  const isNamed = flags.from !== undefined || flags.to !== undefined;
  const range = isNamed ? named : { from: told.from, to: told.to, isNamed };
  return { ...told, holder: flags.holder ?? told.holder, ...range };
}

/** What stands with the incident: no paths of this machine, and no source text. */
async function tellServer(id: number, { places, package: installed, ...found }: Blame, flags: Flags): Promise<void> {
  const body = {
    from: found.from,
    to: found.to,
    places: places.map(({ path, line }) => ({ path, line })),
    package: installed,
    owners: found.owners,
    notes: found.notes.map((note) => note.slice(0, 1000)),
    commits: found.commits.map(({ commit, subject, author, coAuthors, committedMs, reasons, isBetween, ...rest }) => ({
      ...{ commit, committedMs, isBetween, url: rest.url },
      subject: subject.slice(0, 500),
      author: author.slice(0, 200),
      coAuthors: coAuthors.slice(0, 20).map((name) => name.slice(0, 200)),
      reasons: reasons.slice(0, 20).map(({ text }) => text.slice(0, 1000)),
      pullRequest:
        rest.pullRequest === null
          ? null
          : { number: rest.pullRequest.number, url: rest.pullRequest.url, mergedBy: rest.pullRequest.mergedBy },
    })),
  };
  await serverOf(flags).send('PUT', `/api/v1/incidents/${id}/commits`, body);
  process.stderr.write(`ebb: stands with incident ${id} now\n`);
}
