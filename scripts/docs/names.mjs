// The names that users meet outside of the code: error codes and environment variables. Every EBB_… name in the
// shipped code is one or the other, and stands on its page; a page names nothing that the code does not have.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from './pages.mjs';

/** @import { Page } from './pages.mjs' */

const errorPage = 'docs/errors.md';
const environmentPage = 'docs/environment.md';

/** The parts of every entry of the error page, as they begin a paragraph. */
const parts = ['**What happened.**', '**What to do.**'];

/**
 * @param {string} repository
 * @param {readonly Page[]} pages
 * @returns {string[]} one sentence for each name that code and documentation do not agree on
 */
export function brokenNames(repository, pages) {
  const inCode = namesInCode(repository);
  const errors = entriesOf(pages.find(({ file }) => file === errorPage));
  const variables = entriesOf(pages.find(({ file }) => file === environmentPage));
  const problems = [];
  for (const [name, file] of inCode) {
    if (errors.has(name) && variables.has(name)) problems.push(`${name} stands in ${errorPage} and ${environmentPage}`);
    if (!errors.has(name) && !variables.has(name)) {
      problems.push(
        `${name} (${file}) is not documented: add \`## ${name}\` to ${errorPage}, or to ${environmentPage} if it is a variable`,
      );
    }
  }
  for (const [page, entries] of /** @type {const} */ ([
    [errorPage, errors],
    [environmentPage, variables],
  ])) {
    for (const name of entries.keys()) {
      if (!inCode.has(name)) problems.push(`${page} explains ${name}, which no package has`);
    }
  }
  for (const [name, lines] of errors) {
    for (const part of parts) {
      const said =
        lines
          .find((line) => line.startsWith(part))
          ?.slice(part.length)
          .trim() ?? '';
      if (said === '') problems.push(`${errorPage}: ${name} lacks a paragraph that begins with ${part}`);
    }
  }
  return problems;
}

/**
 * @param {string} repository
 * @returns {Map<string, string>} each name, with the first file that has it
 */
function namesInCode(repository) {
  const names = new Map();
  if (!existsSync(join(repository, 'packages'))) return names;
  for (const file of filesBelow(repository, 'packages')) {
    if (!/^packages\/[^/]+\/src\/.*\.[cm]?ts$/.test(file) || /\.test\.ts$/.test(file)) continue;
    for (const [name] of readFileSync(join(repository, file), 'utf8').matchAll(/\bEBB(?:_[A-Z0-9]+)+\b/g)) {
      if (!names.has(name)) names.set(name, file);
    }
  }
  return names;
}

/**
 * @param {Page | undefined} page
 * @returns {Map<string, string[]>} the lines below each heading that is a name
 */
function entriesOf(page) {
  const entries = new Map();
  /** @type {string[] | null} */
  let current = null;
  for (const { text } of page?.prose ?? []) {
    const heading = /^#+\s+(.*)$/.exec(text)?.[1];
    if (heading === undefined) {
      current?.push(text);
    } else if (/^`?EBB_[A-Z0-9_]+`?$/.test(heading.trim())) {
      current = [];
      entries.set(heading.trim().replaceAll('`', ''), current);
    } else {
      current = null;
    }
  }
  return entries;
}
