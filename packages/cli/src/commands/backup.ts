import { Command } from 'commander';
import { addPlaceOptions, placeOf, type PlaceFlags } from '../up/place.ts';

/** `ebb backup FILE`: all that the server knows, in one file. */
export function backupCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('backup')
    .summary("back up the server's data into one file, while it runs")
    .description(
      "Copies all of the server's tables, as they are at one moment, into a new SQLite file of mode 0600. Servers may work\n" +
        'on the database meanwhile. The file holds hashes of tokens and passwords, and no heap snapshots.',
    )
    .argument('<FILE>', 'the file to make; it must not exist');
  return addPlaceOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 backed up; 2 the file or the database cannot be used; 3 Ebb could not finish.

It needs Node.js 22.13 or later.`,
    )
    .action(async (file: string, flags: PlaceFlags) => {
      // Loaded here: other commands run on older versions of Node.js, too.
      const { makeBackup } = await import('../up/keep.ts');
      await makeBackup(placeOf(flags), file);
      finish(0);
    });
}
