import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// ARCHITECTURE.md draws the map of the folders. A map that is wrong is worse than none.

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Folders that only a checkout in use has. */
const notMapped = /^(?:node_modules|dist|build|fixtures|coverage|\..*)$/;

/** Folders without any file exist for nobody else: git does not know them. */
function foldersIn(folder: string): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !notMapped.test(entry.name))
    .map((entry) => (folder === '.' ? entry.name : `${folder}/${entry.name}`))
    .filter((path) => holdsFiles(join(repository, path)));
}

function holdsFiles(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) =>
    entry.isDirectory() ? holdsFiles(join(folder, entry.name)) : true,
  );
}

/** The folders that the map has to show: those of the root, the workspaces with what stands in them, and the parts of src/. */
function foldersOnDisk(): string[] {
  const workspaces = [...foldersIn('packages'), ...foldersIn('examples')];
  const inWorkspaces = workspaces.flatMap((workspace) => foldersIn(workspace));
  const sources = inWorkspaces.filter((folder) => folder.endsWith('/src'));
  const parts = [...sources, 'docs', 'scripts', 'test', 'bench'].flatMap((folder) => foldersIn(folder));
  const others = [...foldersIn('.'), ...inWorkspaces].filter(
    (folder) => folder !== 'packages' && folder !== 'examples' && !sources.includes(folder),
  );
  return [...others, ...workspaces, ...parts].sort();
}

/** The folders that ARCHITECTURE.md lists: every table row or list item that begins with a folder in backquotes. */
function foldersOnMap(): string[] {
  const map = readFileSync(join(repository, 'ARCHITECTURE.md'), 'utf8');
  return [...map.matchAll(/^\s*[-|]\s*`([^`]+)\/`/gm)].map((match) => match[1] ?? '').sort();
}

test('the map in ARCHITECTURE.md and the folders on disk are the same', () => {
  const onDisk = foldersOnDisk();
  const onMap = foldersOnMap();
  const wrong = [
    ...onDisk
      .filter((folder) => !onMap.includes(folder))
      .map((folder) => `add the line:    - \`${folder}/\` — what it is`),
    ...onMap
      .filter((folder) => !onDisk.includes(folder))
      .map((folder) => `take out the line of \`${folder}/\`: no such folder`),
    ...onMap.filter((folder, at) => onMap.indexOf(folder) !== at).map((folder) => `\`${folder}/\` stands there twice`),
  ];
  expect(wrong, `ARCHITECTURE.md, map of the folders:\n${wrong.join('\n')}`).toEqual([]);
});
