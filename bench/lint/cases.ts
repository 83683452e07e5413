// The corpus as a linter sees it: for each leak the files of the culprit in the version that leaks and in the one that
// mended it. Packages are those that score.mjs of the corpus has installed (or installs, when it is run once).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** One file that is linted. */
export interface Text {
  readonly file: string;
  /** Where it stands in its package: the same in every version. */
  readonly path: string;
  readonly text: string;
}

/** A leak, and its files. */
export interface Case {
  readonly id: string;
  readonly leaky: readonly Text[];
  readonly mended: readonly Text[];
}

interface CaseFile {
  id: string;
  app?: boolean;
  healthy?: boolean;
  package?: string;
  culprit?: { package: string | null; file: string };
}

/** Reads the cases of a folder; those whose packages are not installed are named in `missing`. */
export function readCases(folder: string): { cases: Case[]; missing: string[] } {
  const cases: Case[] = [];
  const missing: string[] = [];
  for (const id of readdirSync(folder).sort()) {
    const about = JSON.parse(readFileSync(join(folder, id, 'case.json'), 'utf8')) as CaseFile;
    const { culprit } = about;
    if (about.healthy === true || culprit === undefined) continue;
    if (about.app === true) {
      const files = textsBelow(join(folder, id), culprit.file);
      cases.push({
        id,
        leaky: files.map((text) => released(text, false)),
        mended: files.map((text) => released(text, true)),
      });
      continue;
    }
    const [leaky, mended] = (['leaky', 'fixed'] as const).map((version) => installed(id, version, culprit));
    if (leaky === undefined || mended === undefined) missing.push(id);
    else cases.push({ id, leaky, mended });
  }
  return { cases, missing };
}

function installed(
  id: string,
  version: string,
  { package: name, file }: { package: string | null; file: string },
): Text[] | undefined {
  const hash = createHash('sha1').update(`${id} ${version}`).digest('hex').slice(0, 12);
  const modules = join(tmpdir(), 'ebb-corpus', hash, 'node_modules');
  const root = join(modules, name ?? '');
  // A mended version may have done without the culprit.
  return existsSync(modules) ? (existsSync(root) ? textsBelow(root, file) : []) : undefined;
}

/** Sources whose path below the root fits the culprit's pattern; minified bundles are no sources. */
export function textsBelow(root: string, pattern: string): Text[] {
  const fits = new RegExp(pattern, 'u');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?js$/u.test(file) && !/(?:^|\/)node_modules\/|\.min\.[cm]?js$/u.test(file))
    .map((file) => join(root, file))
    .filter((file) => fits.test(relative(root, file)))
    .map((file) => ({ file, path: relative(root, file), text: readFileSync(file, 'utf8') }))
    .filter(({ text }) => text.split('\n').every((line) => line.length < 5000));
}

const SWITCH = "process.env.RELEASE === 'fixed'";

/**
 * The source of one release of an application that has both in one file. Nobody who reads a release sees a switch, so it
 * is resolved, in the forms that the corpus has: `if (SWITCH) x;`, `if (SWITCH || c) x;`, `if (SWITCH && c) x;`. What
 * follows a `return` that is always reached is not there.
 */
function released({ text, ...place }: Text, isMended: boolean): Text {
  const out: string[] = [];
  let isUnreachable = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('}')) isUnreachable = false;
    if (isUnreachable) continue;
    const at = line.indexOf(`if (${SWITCH}`);
    if (at < 0) {
      out.push(line);
    } else if (isMended) {
      const always = line
        .replace(new RegExp(`if \\(${SWITCH}(?: \\|\\|[^)]*)?\\) `, 'u'), '')
        .replace(`${SWITCH} && `, '');
      out.push(always);
      isUnreachable = always.trim().startsWith('return');
    } else {
      out.push(line.replace(`${SWITCH} || `, '').replace(new RegExp(`if \\(${SWITCH}(?: &&[^;]*)?[^|;]*;`, 'u'), ''));
    }
  }
  return { ...place, text: out.join('\n') };
}
