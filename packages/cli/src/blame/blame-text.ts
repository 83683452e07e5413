/** Which commits may have brought it, for a terminal. */
import { printable } from '../wording/printable.ts';
import type { Blame, BlamedCommit } from './blame.ts';

/** The lines. */
export function blameLines({ from, to, places, package: installed, owners, notes, commits, more }: Blame): string[] {
  const where = places.map(({ path, line, functionName }) =>
    [`${path}${line === null ? '' : `:${line}`}`, functionName === null ? '' : `in ${functionName}()`]
      .filter((part) => part !== '')
      .join(' '),
  );
  const what = [...where, ...(installed === null ? [] : [`the package ${installed}`])].join(', ');
  const range =
    from === null ? `up to ${told(to)}; what did not grow before is not known` : `${told(from)} to ${told(to)}`;
  return [
    `COMMITS that touched ${what}`,
    `between    ${range}`,
    ...(owners.length === 0 ? [] : [`owner      ${owners.join(', ')}`]),
    ...notes.map((note) => `note       ${note}`),
    '',
    ...(commits.length === 0
      ? ['No commit of this history touched it.']
      : commits.flatMap((one, at) => commitLines(one, at + 1, from?.name ?? ''))),
    ...(more === 0 ? [] : ['', `${more} more touched the file.`]),
  ].map((line) => printable(line));
}

function commitLines(one: BlamedCommit, rank: number, from: string): string[] {
  const { commit, subject, author, coAuthors, committedMs, reasons, isBetween, pullRequest, url } = one;
  const day = new Date(committedMs).toISOString().slice(0, 16).replace('T', ' ');
  const people = [author, ...coAuthors].join(', ');
  return [
    `${String(rank).padStart(2)}. ${commit.slice(0, 12)}  ${day} UTC  ${people}`,
    `    ${subject}`,
    ...reasons.map(({ text }) => `    - ${text}`),
    ...(isBetween === false ? [`    - was there already in ${from}, which did not grow`] : []),
    ...(pullRequest === null
      ? url === null
        ? []
        : [`    ${url}`]
      : [`    pull request #${pullRequest.number}${mergeWords(pullRequest)}`]),
  ];
}

function mergeWords({ branch, mergedBy, url }: NonNullable<BlamedCommit['pullRequest']>): string {
  const parts = [branch === null ? '' : ` from ${branch}`, mergedBy === null ? '' : `, merged by ${mergedBy}`];
  return `${parts.join('')}${url === null ? '' : `  ${url}`}`;
}

function told({ name, commit }: Blame['to']): string {
  return commit.startsWith(name) ? commit.slice(0, 12) : `${name} (${commit.slice(0, 12)})`;
}
