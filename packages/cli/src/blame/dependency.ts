/** Which commits moved an installed package from one version to another, by the lock files of npm, Yarn and pnpm. */
import { askGit, runGit } from './git.ts';
import { commitFormat, readCommits } from './commit.ts';
import type { Touch } from './touches.ts';

const lockFiles = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'package.json'];
const mostCommits = 100;

/** The package that an installed file belongs to: `express`, `@acme/cart`; null for a file that is not installed. */
export function packageOf(path: string): string | null {
  const inner = path.replaceAll('\\', '/').split(/(?:^|\/)node_modules\//u);
  if (inner.length < 2) return null;
  // pnpm's store: node_modules/.pnpm/express@4.0.0/node_modules/express/…
  const [first = '', second = ''] = (inner.at(-1) ?? '').split('/');
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  return /^(?:@[\w.-]+\/)?[\w.-]+$/u.test(name) ? name : null;
}

/** Commits up to `at` (after `from`, where that is known) that changed the version of a package. */
export async function dependencyTouches(
  root: string,
  name: string,
  { at, from }: { at: string; from: string | null },
): Promise<Touch[]> {
  const range = from === null ? at : `${from}..${at}`;
  const paths = lockFiles.map((file) => `:(top,glob)**/${file}`);
  const { code, stdout } = await runGit(root, [
    ...['log', commitFormat, '-z', '--name-only', '--no-renames', `-n${mostCommits}`, range, '--'],
    ...paths,
  ]);
  if (code !== 0) return [];
  const touches: Touch[] = [];
  for (const { commit, rest } of readCommits(stdout)) {
    for (const file of rest.split('\0').map((path) => path.trim())) {
      if (file === '' || file.includes('node_modules/')) continue;
      const after = await versionsAt(root, `${commit.commit}:${file}`, name);
      const before = await versionsAt(root, `${commit.commit}^:${file}`, name);
      if (after === before) continue;
      const text =
        before === ''
          ? `brought ${name} ${after} in ${file}`
          : after === ''
            ? `took ${name} ${before} out of ${file}`
            : `moved ${name} from ${before} to ${after} in ${file}`;
      touches.push({ commit, kind: 'dependency', text });
    }
  }
  return touches;
}

async function versionsAt(root: string, object: string, name: string): Promise<string> {
  const text = await askGit(root, ['show', '--no-textconv', '--end-of-options', object]);
  return text === null ? '' : versionsIn(object.slice(object.lastIndexOf('/') + 1), text, name).join(', ');
}

/** The versions of a package that a lock file names, and of a `package.json` the range. */
export function versionsIn(file: string, text: string, name: string): string[] {
  const found = file.endsWith('.json') ? versionsInJson(text, name) : versionsInText(file, text, name);
  return [...new Set(found)].sort();
}

function versionsInJson(text: string, name: string): string[] {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return [];
  }
  const objectOf = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const root = objectOf(told);
  const packages = Object.entries(objectOf(root['packages']));
  const installed = packages
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([, one]) => objectOf(one)['version']);
  // Lock files of npm before 7, and package.json itself, name it among the dependencies.
  const named = ['dependencies', 'devDependencies', 'optionalDependencies'].map((key) => {
    const one = objectOf(root[key])[name];
    return typeof one === 'string' ? one : objectOf(one)['version'];
  });
  return [...installed, ...(packages.length > 0 ? [] : named)].filter((version) => typeof version === 'string');
}

function versionsInText(file: string, text: string, name: string): string[] {
  const escaped = name.replace(/[.*+?^${}()|[\]\\/]/gu, '\\$&');
  const pattern = file.startsWith('yarn')
    ? new RegExp(`^"?${escaped}@[^\\n]*:\\n(?:[ \\t]+[^\\n]*\\n)*?[ \\t]+version:? "?([^"\\n]+)`, 'gmu')
    : new RegExp(`^ {2}['"]?/?${escaped}[@/]([^(:'"\\n]+)`, 'gmu');
  return [...text.matchAll(pattern)].map(([, version = '']) => version.trim());
}
