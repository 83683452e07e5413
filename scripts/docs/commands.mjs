// What a page tells the reader to type exists: npm scripts, files, and the commands of `ebb`.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @import { Page } from './pages.mjs' */

const shells = new Set(['sh', 'bash', 'shell', 'console']);
const ourFolders = /^(?:\.\/)?(?:packages|examples|test|bench|docs|scripts|\.ci)\/[\w./-]+$/;

/** Pages that tell what was, and may name what is gone. */
const history = /^(?:CHANGELOG\.md|docs\/decisions\/)/;

/**
 * @param {string} repository
 * @param {readonly Page[]} pages
 * @param {readonly string[]} ebbCommands the commands that `ebb` has
 * @returns {string[]} one sentence for each command or file that does not exist
 */
export function brokenCommands(repository, pages, ebbCommands) {
  return pages.flatMap((page) => {
    const commands = page.code
      .filter(({ language }) => shells.has(language))
      .flatMap(({ language, text, line }) => simpleCommands(language, text).map((words) => ({ words, line })))
      .flatMap(({ words, line }) =>
        problemsOf(repository, page, words, ebbCommands).map((problem) => ({ problem, line })),
      );
    const names = history.test(page.file) ? [] : namedFiles(repository, page);
    return [...commands, ...names].map(({ problem, line }) => `${page.file}:${line}: ${problem}`);
  });
}

/**
 * The commands that `ebb` has: one file each, in the CLI's `commands/`.
 * @param {string} repository
 * @returns {string[]}
 */
export function ebbCommands(repository) {
  const folder = join(repository, 'packages/cli/src/commands');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/new Command\('([a-z]+)'\)/g)])
    .map((match) => match[1] ?? '');
}

/**
 * Splits one line of shell into simple commands. In a transcript (`console`) only what follows the prompt was typed.
 * @param {string} language
 * @param {string} text
 * @returns {string[][]}
 */
function simpleCommands(language, text) {
  const typed = /^\s*\$\s+(.*)$/.exec(text)?.[1] ?? (language === 'console' ? '' : text);
  return typed
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|\|\||[;|]/)
    .map((command) => command.trim().split(/\s+/))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter(([first]) => first !== undefined && first !== '');
}

/**
 * @param {string} repository
 * @param {Page} page
 * @param {readonly string[]} words
 * @param {readonly string[]} ebbCommands
 * @returns {string[]}
 */
function problemsOf(repository, page, words, ebbCommands) {
  const [program = '', ...rest] = words[0] === 'npx' ? words.slice(1) : words;
  const files = [program, ...rest].flatMap((word) => missingFile(repository, page, word));
  if (program === 'npm') return [...files, ...npmProblems(repository, rest)];
  if (program === 'ebb' && rest[0] !== undefined && /^[a-z]/.test(rest[0]) && !ebbCommands.includes(rest[0])) {
    return [...files, `ebb has no command ${rest[0]}`];
  }
  return files;
}

/**
 * @param {string} repository
 * @param {readonly string[]} words after `npm`
 * @returns {string[]}
 */
function npmProblems(repository, words) {
  const [verb = '', ...rest] = words;
  const name =
    verb === 'test' || verb === 'start' ? verb : verb === 'run' ? rest.find((word) => !word.startsWith('-')) : null;
  if (name === null || name === undefined) return [];
  const at = rest.findIndex((word) => word === '-w' || word === '--workspace');
  const folder = at < 0 ? '.' : (rest[at + 1] ?? '.');
  const manifest = join(repository, folder, 'package.json');
  if (!existsSync(manifest)) return [`there is no workspace ${folder}`];
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8'));
  return scripts?.[name] === undefined ? [`${folder}/package.json has no script ${name}`] : [];
}

/**
 * Files that stand in backquotes in the text.
 * @param {string} repository
 * @param {Page} page
 * @returns {{ problem: string, line: number }[]}
 */
function namedFiles(repository, page) {
  return page.prose.flatMap(({ text, line }) =>
    [...text.matchAll(/`([^`]+)`/g)]
      .flatMap((match) => missingFile(repository, page, match[1] ?? ''))
      .map((problem) => ({ problem, line })),
  );
}

/**
 * @param {string} repository
 * @param {Page} page
 * @param {string} word
 * @returns {string[]} a sentence when the word is a file of the repository that does not exist
 */
function missingFile(repository, page, word) {
  if (!ourFolders.test(word) || /NNNN|\bx\b/.test(word)) return [];
  const places = [join(repository, word), join(repository, dirname(page.file), word)];
  return places.some((place) => existsSync(place)) ? [] : [`${word} does not exist`];
}
