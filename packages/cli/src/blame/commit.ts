/** Commits, as git tells them. */

/** A commit. Addresses of people stay in the repository. */
export interface Commit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly coAuthors: readonly string[];
  /** When it was written; a rebase keeps it. Milliseconds since 1970. */
  readonly authoredMs: number;
  /** When it came to be in this history. */
  readonly committedMs: number;
}

/** What `git log` is to print: records of fields. */
export const commitFormat =
  '--format=%x1e%H%x1f%at%x1f%ct%x1f%an%x1f%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1d)%x1f%s%x1f';

/** Reads what `git log` printed with {@link commitFormat}, each commit with the text behind it (a patch, names of files). */
export function readCommits(printed: string): { commit: Commit; rest: string }[] {
  return printed
    .split('\x1e')
    .slice(1)
    .map((record) => {
      const [commit = '', authored = '', committed = '', author = '', others = '', subject = '', ...rest] =
        record.split('\x1f');
      const coAuthors = others
        .split('\x1d')
        .map((told) => told.replace(/<[^>]*>/gu, '').trim())
        .filter((name) => name !== '');
      const times = { authoredMs: Number(authored) * 1000, committedMs: Number(committed) * 1000 };
      return { commit: { commit, subject, author, coAuthors, ...times }, rest: rest.join('\x1f') };
    });
}
