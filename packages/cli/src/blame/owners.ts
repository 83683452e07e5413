import { askGit } from './git.ts';

/** Where GitHub looks for it, the first that is there. */
const places = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** Who owns a path at a commit, by the CODEOWNERS of that commit; nobody where there is none. */
export async function ownersAt(root: string, commit: string, path: string): Promise<readonly string[]> {
  for (const place of places) {
    const text = await askGit(root, ['show', '--no-textconv', '--end-of-options', `${commit}:${place}`]);
    if (text === null) continue;
    const { ownersOf, parseCodeowners } = await import('@ebb/server');
    return ownersOf(parseCodeowners(text).rules, path);
  }
  return [];
}
