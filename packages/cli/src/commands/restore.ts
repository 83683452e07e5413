import { Command } from 'commander';
import { addPlaceOptions, placeOf, type PlaceFlags } from '../up/place.ts';

/** `ebb restore FILE`: a backup becomes the data of a server. */
export function restoreCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('restore')
    .summary("restore a backup of the server's data into an empty place")
    .description(
      'Restores what `ebb backup` has made into a folder without a database, or a PostgreSQL database without rows,\n' +
        'and brings it up to date. Either all of it is there in the end, or nothing. A backup of SQLite can be restored to\n' +
        'PostgreSQL, and the other way round.',
    )
    .argument('<FILE>', 'what `ebb backup` has made');
  return addPlaceOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 restored; 2 the file is no whole backup, or the place is not empty; 3 Ebb could not finish.

It needs Node.js 22.13 or later.`,
    )
    .action(async (file: string, flags: PlaceFlags) => {
      // Loaded here: other commands run on older versions of Node.js, too.
      const { restoreBackup } = await import('../up/keep.ts');
      await restoreBackup(file, placeOf(flags));
      finish(0);
    });
}
