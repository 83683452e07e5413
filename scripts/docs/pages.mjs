// The repository's Markdown, taken apart as far as the checks need it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Page
 * @property {string} file path relative to the repository
 * @property {{ text: string, line: number }[]} prose the lines outside of code blocks
 * @property {{ language: string, text: string, line: number }[]} code the lines inside of code blocks
 */

const notOurs = new Set(['node_modules', 'dist', '.git', '.cache', '.ebb', 'fixtures', 'build']);

/**
 * All Markdown files of the repository.
 * @param {string} repository
 * @returns {Page[]}
 */
export function readPages(repository) {
  return filesBelow(repository, '')
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => parsePage(file, readFileSync(join(repository, file), 'utf8')));
}

/**
 * @param {string} repository
 * @param {string} folder relative to the repository, '' for the repository itself
 * @returns {string[]} paths relative to the repository, without what is installed or built
 */
export function filesBelow(repository, folder) {
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(repository, path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {Page}
 */
export function parsePage(file, text) {
  /** @type {Page} */
  const page = { file, prose: [], code: [] };
  /** @type {{ fence: string, language: string } | null} */
  let block = null;
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1;
    const mark = /^\s*(```+|~~~+)\s*(\S*)/.exec(content);
    if (block) {
      if (mark?.[1]?.startsWith(block.fence) && mark[2] === '') block = null;
      else page.code.push({ language: block.language, text: content, line });
    } else if (mark?.[1]) {
      block = { fence: mark[1], language: mark[2] ?? '' };
    } else {
      page.prose.push({ text: content, line });
    }
  }
  return page;
}
