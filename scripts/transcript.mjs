// From what a program printed to what a page can show: no terminal control, no names of this machine's folders.

import { stripVTControlCharacters } from 'node:util';

const start = '<!-- transcript:start -->';
const end = '<!-- transcript:end -->';

/**
 * @param {string} output what the program wrote
 * @param {{ repository: string, temporary: string }} folders absolute paths that say nothing to other readers
 * @returns {string} the lines as they stood on the screen in the end
 */
export function cleanOutput(output, { repository, temporary }) {
  const root = repository.replace(/\/+$/, '');
  const temporaryPattern = temporary.replace(/\/+$/, '').replaceAll(/[^\w/]/g, '\\$&');
  return stripVTControlCharacters(output)
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .filter((line) => !/^npm (?:warn|notice)/i.test(line))
    .join('\n')
    .replaceAll(`file://${root}/`, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .replaceAll(new RegExp(`${temporaryPattern}/[\\w./-]*`, 'g'), '(temporary file)')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/**
 * Puts a transcript between the markers of a page.
 * @param {string} page
 * @param {string} command what was typed
 * @param {string} text what it printed, cleaned
 * @returns {string} the page with the transcript
 * @throws {Error} when the page has not both markers, in order, once
 */
export function placeTranscript(page, command, text) {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from || page.includes(start, from + 1) || page.includes(end, to + 1)) {
    throw new Error(`The page needs the lines ${start} and ${end} once each, in this order.`);
  }
  // A fence longer than any in the text, so that nothing printed can end the block.
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${page.slice(0, from)}${start}\n\n${fence}console\n$ ${command}\n${text}\n${fence}\n\n${page.slice(to)}`;
}
