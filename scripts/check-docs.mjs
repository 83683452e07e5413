// Holds the documentation against the repository: links, commands and files, error codes, environment variables.
// Prints one line for each place that is wrong, and ends non-zero if there is any.

import { fileURLToPath } from 'node:url';
import { brokenCommands, ebbCommands } from './docs/commands.mjs';
import { brokenLinks } from './docs/links.mjs';
import { brokenNames } from './docs/names.mjs';
import { readPages } from './docs/pages.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const pages = readPages(repository);
const problems = [
  ...brokenLinks(repository, pages),
  ...brokenCommands(repository, pages, ebbCommands(repository)),
  ...brokenNames(repository, pages),
];
for (const problem of problems) console.log(problem);
console.log(`${pages.length} pages read, ${problems.length} places wrong`);
process.exitCode = problems.length > 0 ? 1 : 0;
