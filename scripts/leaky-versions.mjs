// What helps to grow packages/cli/data/leaky-versions.json: reads a clone (with its tags) of a package's repository,
// and lists the commits that speak of a leak, each with the releases that lack it, in every major line that has it.
// What it prints is a draft: a person reads the commit and its issue before anything is entered.
//
//   node scripts/leaky-versions.mjs FOLDER PACKAGE [--tag PREFIX] [--grep WORDS] [--since DATE] [--commit HASH]
//
// --tag PREFIX: releases are the tags PREFIX1.2.3, as in repositories with several packages ('socket.io@').
// --commit HASH: that commit alone (and those with the same subject: it was mended on several branches).
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import semver from 'semver';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tag: { type: 'string' },
    grep: { type: 'string', default: 'leak' },
    since: { type: 'string', default: '2012-01-01' },
    commit: { type: 'string' },
  },
});
const [folder, name] = positionals;
if (folder === undefined || name === undefined) {
  console.error('usage: node scripts/leaky-versions.mjs FOLDER PACKAGE [--tag PREFIX] [--grep WORDS] [--commit HASH]');
  process.exit(2);
}

const releases = releasesIn(git('tag'));
for (const [subject, { date, commits }] of mends()) {
  const having = new Set(releasesIn(commits.map((commit) => git('tag', '--contains', commit)).join('\n')));
  const draft = draftOf(having);
  if (draft === undefined) continue;
  console.log(`${date} ${commits.map((commit) => commit.slice(0, 10)).join(' ')} ${subject}`);
  console.log(`  ${JSON.stringify({ package: name, ...draft })}`);
}

/** @param {readonly string[]} args */
function git(...args) {
  return execFileSync('git', ['-C', folder ?? '', ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

/** Commits by their subject: one leak may have been mended on several branches. */
function mends() {
  const log = git('log', '--all', '-i', `--grep=${values.grep}`, `--since=${values.since}`, '--format=%H%x09%cs%x09%s');
  /** @type {Map<string, { date: string, commits: string[] }>} */
  const bySubject = new Map();
  for (const line of log.split('\n').filter((each) => each !== '')) {
    const [commit = '', date = '', subject = ''] = line.split('\t');
    const key = subject.replace(/\s*\(#\d+\)/gu, '').replace(/^\[[^\]]*\]\s*/u, '');
    const known = bySubject.get(key) ?? { date, commits: [] };
    known.commits.push(commit);
    bySubject.set(key, known);
  }
  const only = values.commit;
  return only === undefined
    ? [...bySubject]
    : [...bySubject].filter(([, { commits }]) => commits.some((commit) => commit.startsWith(only)));
}

/** @param {string} tags @returns {string[]} the released versions among tags, ascending */
function releasesIn(tags) {
  const prefix = values.tag;
  const versions = tags.split('\n').map((tag) => {
    if (prefix === undefined) return tag.replace(/^v/u, '');
    return tag.startsWith(prefix) ? tag.slice(prefix.length) : '';
  });
  const released = versions.filter((each) => semver.valid(each) !== null && semver.prerelease(each) === null);
  return [...new Set(released)].sort(semver.compare);
}

/**
 * The ranges of releases without the mend, each ended by the first release that has it. Majors that never got it are
 * left out: whether they leak is not known.
 * @param {ReadonlySet<string>} having
 */
function draftOf(having) {
  /** @type {string[]} */
  const ranges = [];
  /** @type {string[]} */
  const mended = [];
  for (const major of new Set([...having].map((version) => semver.major(version)))) {
    /** @type {string | undefined} */
    let from;
    for (const version of releases.filter((each) => semver.major(each) === major)) {
      if (!having.has(version))
        from ??= ranges.some((range) => range.startsWith(`>=${major}.`)) ? version : `${major}.0.0`;
      else if (from !== undefined) {
        ranges.push(`>=${from} <${version}`);
        mended.push(version);
        from = undefined;
      }
    }
  }
  return ranges.length === 0 ? undefined : { affected: ranges.join(' || '), mended, from: 'major' };
}
