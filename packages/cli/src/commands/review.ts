import { Command, InvalidArgumentError, Option } from 'commander';

interface ReviewFlags {
  base?: string;
  sarif?: string;
  rdjson?: string;
  failUnread?: boolean;
  json?: boolean;
  strict?: boolean;
  baseline?: string;
  writeBaseline?: string;
  maxBytes: number;
}

/** `ebb review`: leak patterns in a change, or in a tree. */
export function reviewCommand(finish: (exitCode: number) => void): Command {
  return new Command('review')
    .summary('find leak patterns in a change, before it ships')
    .description(
      'Reads the source code of a change (--base), or of the whole folder, and tells what leaks memory in it: the rules of\n' +
        '@ebb/eslint-plugin, with types where a tsconfig.json gives them; what the change alone shows (a removal, a bound or an\n' +
        'unsubscription that went away, state that lives longer); and a checklist where sessions or caches are touched.\n' +
        'Tests, declarations, and what git ignores are left out. On GitHub it annotates the pull request.',
    )
    .argument('[FOLDER]', 'the folder to review', '.')
    .option('--base <REV>', 'review what changed since this revision, like origin/main')
    .option('--strict', 'also what is worth a second look: the preset `strict`')
    .option('--sarif <FILE>', 'write a SARIF 2.1.0 log, with code flows')
    .option('--rdjson <FILE>', "write Reviewdog's format, for reviewdog -f=rdjson")
    .option('--baseline <FILE>', 'leave out what stands in this file')
    .option('--write-baseline <FILE>', 'write what was found to this file, and find nothing wrong')
    .addOption(new Option('--max-bytes <N>', 'files above it are not read').default(1_000_000).argParser(positive))
    .option('--fail-unread', 'end with 2 when a file cannot be read as code, also when others can')
    .option('--json', 'print the review as one JSON document (ebb.review/1)')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing wrong; 1 a leak pattern; 2 the command was used wrongly, or no file is code; 3 Ebb could not finish.

Examples:
  ebb review
  ebb review --base origin/main --sarif ebb.sarif
  ebb review --write-baseline ebb-baseline.json && ebb review --baseline ebb-baseline.json`,
    )
    .action(async (folder: string, flags: ReviewFlags) => {
      const { runReview } = await import('../review/run.ts');
      finish(runReview(folder, flags));
    });
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is a whole number above 0.');
  return number;
}
