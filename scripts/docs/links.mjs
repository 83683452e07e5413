// Relative links lead to a file that exists, and to a heading that it has.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parsePage } from './pages.mjs';

/** @import { Page } from './pages.mjs' */

/**
 * @param {string} repository
 * @param {readonly Page[]} pages
 * @returns {string[]} one sentence for each link that leads nowhere
 */
export function brokenLinks(repository, pages) {
  return pages.flatMap((page) =>
    page.prose.flatMap(({ text, line }) =>
      targetsIn(text).flatMap((target) => {
        const problem = judge(repository, page, target);
        return problem === null ? [] : [`${page.file}:${line}: ${problem}`];
      }),
    ),
  );
}

/**
 * @param {string} text one line of prose
 * @returns {string[]}
 */
function targetsIn(text) {
  const withoutCode = text.replaceAll(/`[^`]*`/g, '``');
  const inline = [...withoutCode.matchAll(/\]\(\s*<?([^()\s>]+)>?[^()]*\)/g)];
  const reference = [...withoutCode.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g)];
  return [...inline, ...reference].map((match) => match[1] ?? '');
}

/**
 * @param {string} repository
 * @param {Page} page
 * @param {string} target
 * @returns {string | null}
 */
function judge(repository, page, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return null;
  const [path = '', heading = ''] = target.split('#');
  const file = path === '' ? page.file : normalize(join(dirname(page.file), decodeURIComponent(path)));
  if (file.startsWith('..')) return `the link ${target} leads out of the repository`;
  if (!existsSync(join(repository, file))) return `the link ${target} leads to ${file}, which does not exist`;
  if (heading === '' || !file.endsWith('.md')) return null;
  const linked = file === page.file ? page : parsePage(file, readFileSync(join(repository, file), 'utf8'));
  return anchorsOf(linked).has(heading) ? null : `the link ${target} leads to a heading that ${file} does not have`;
}

/**
 * The anchors of a page's headings, made as GitHub makes them.
 * @param {Page} page
 * @returns {Set<string>}
 */
function anchorsOf(page) {
  /** @type {Map<string, number>} */
  const timesSeen = new Map();
  const anchors = new Set();
  for (const { text } of page.prose) {
    const title = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    if (title === undefined) continue;
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const seen = timesSeen.get(slug) ?? 0;
    timesSeen.set(slug, seen + 1);
    anchors.add(seen === 0 ? slug : `${slug}-${seen}`);
  }
  return anchors;
}
