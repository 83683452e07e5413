import { Command, Option } from 'commander';
import type { AuditRequest } from '../audit/run.ts';

/** `ebb audit`: packages of the lock file, and Node.js itself, in versions known to leak. */
export function auditCommand(finish: (exitCode: number) => void): Command {
  return new Command('audit')
    .summary('find packages in versions known to leak, and Node.js itself')
    .description(
      'Holds the packages of the lock file (npm, Yarn, pnpm), and the Node.js that runs, against a published list of versions\n' +
        'known to leak, each with the version that mended it and where that is written. Says when the support of this Node.js\n' +
        'has ended. The list comes with Ebb; nothing is fetched, nothing is sent.',
    )
    .argument('[FOLDER]', 'the folder with the lock file', '.')
    .addOption(
      new Option('--omit <WHAT>', 'leave out what only development needs, where the lock file says so').choices([
        'dev',
      ]),
    )
    .option('--sarif <FILE>', 'write a SARIF 2.1.0 log')
    .option('--json', 'print the audit as one JSON document (ebb.audit/1)')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing found; 1 a version known to leak, or a Node.js without support; 2 no lock file, or it cannot be read.

Examples:
  ebb audit
  ebb audit --omit dev --json services/checkout`,
    )
    .action(async (folder: string, flags: AuditRequest) => {
      const { runAudit } = await import('../audit/run.ts');
      finish(runAudit(folder, flags));
    });
}
