import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { brokenCommands, ebbCommands } from '../scripts/docs/commands.mjs';
import { brokenLinks } from '../scripts/docs/links.mjs';
import { brokenNames } from '../scripts/docs/names.mjs';
import { readPages } from '../scripts/docs/pages.mjs';

// The docs check, shown repositories whose documentation is wrong: it has to say so.

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true });
});

function repositoryOf(files: Record<string, string>): string {
  const tree = mkdtempSync(join(tmpdir(), 'ebb-docs-'));
  trees.push(tree);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  return tree;
}

describe('links', () => {
  const linksIn = (files: Record<string, string>): string[] => {
    const tree = repositoryOf(files);
    return brokenLinks(tree, readPages(tree));
  };

  test('a link to a file or heading that exists is fine, and so is one to the web', () => {
    const text =
      '# Read me\n[a](docs/a.md) [b](docs/a.md#what-it-is) [c](#read-me) [d](https://nodejs.org)\n\n[e]: docs/a.md\n';
    expect(linksIn({ 'README.md': text, 'docs/a.md': '## What it is\n[back](../README.md)\n' })).toEqual([]);
  });

  test('a link to a missing file, a missing heading or out of the repository is named with its line', () => {
    const text = '[a](gone.md)\n[b](#gone)\n[c](docs/a.md#gone)\n[d](../other.md)\n\n[e]: gone.md\n';
    expect(linksIn({ 'README.md': text, 'docs/a.md': '# A\n' })).toEqual([
      'README.md:1: the link gone.md leads to gone.md, which does not exist',
      'README.md:2: the link #gone leads to a heading that README.md does not have',
      'README.md:3: the link docs/a.md#gone leads to a heading that docs/a.md does not have',
      'README.md:4: the link ../other.md leads out of the repository',
      'README.md:6: the link gone.md leads to gone.md, which does not exist',
    ]);
  });

  test('what looks like a link inside of code is code', () => {
    expect(linksIn({ 'README.md': '`[a](gone.md)`\n\n```md\n[b](gone.md)\n```\n' })).toEqual([]);
  });
});

describe('commands', () => {
  const commandsIn = (files: Record<string, string>): string[] => {
    const tree = repositoryOf({
      'package.json': JSON.stringify({ scripts: { test: 'true' } }),
      'packages/shop/package.json': JSON.stringify({ scripts: { demo: 'true' } }),
      'packages/cli/src/commands/watch.ts': "export const watch = new Command('watch');\n",
      ...files,
    });
    return brokenCommands(tree, readPages(tree), ebbCommands(tree));
  };

  test('commands that can be typed are fine', () => {
    const text =
      '```sh\nnpm ci && npm test   # both\nnpm run demo -w packages/shop\nEBB=1 npx ebb watch -- node server.js\n```\n';
    expect(commandsIn({ 'README.md': text })).toEqual([]);
  });

  test('a missing npm script, file or ebb command is named with its line', () => {
    const text = '```sh\nnpm ci && npm start\nnode scripts/gone.mjs\nnpx ebb fly\nnpm run gone -w packages/shop\n```\n';
    expect(commandsIn({ 'README.md': text })).toEqual([
      'README.md:2: ./package.json has no script start',
      'README.md:3: scripts/gone.mjs does not exist',
      'README.md:4: ebb has no command fly',
      'README.md:5: packages/shop/package.json has no script gone',
    ]);
  });

  test('a file named in the text exists, except on pages that tell what was', () => {
    const text = 'See `docs/gone.md` and `packages/shop`.\n';
    expect(commandsIn({ 'README.md': text, 'CHANGELOG.md': text })).toEqual([
      'README.md:1: docs/gone.md does not exist',
    ]);
  });

  test('in a transcript only what follows the prompt was typed', () => {
    expect(commandsIn({ 'README.md': '```console\n$ npm test\nnpm start was not typed\n```\n' })).toEqual([]);
  });
});

describe('names', () => {
  const namesIn = (files: Record<string, string>): string[] => {
    const tree = repositoryOf(files);
    return brokenNames(tree, readPages(tree));
  };
  const code = "export const codes = ['EBB_HEAP_GONE'];\nexport const variable = 'EBB_SOCKET';\n";
  const errors = '# Errors\n\n## EBB_HEAP_GONE\n\n**What happened.** It went.\n\n**What to do.** Look.\n';
  const environment = '# Environment\n\n## EBB_SOCKET\n\nA path.\n';

  test('codes and variables that stand on their pages are fine', () => {
    const files = { 'packages/heap/src/a.ts': code, 'docs/errors.md': errors, 'docs/environment.md': environment };
    expect(namesIn(files)).toEqual([]);
  });

  test('a name that no page explains, and an explanation of a name that is gone, are both wrong', () => {
    const files = { 'packages/heap/src/a.ts': "export const code = 'EBB_HEAP_NEW';\n", 'docs/errors.md': errors };
    expect(namesIn(files)).toEqual([
      'EBB_HEAP_NEW (packages/heap/src/a.ts) is not documented: add `## EBB_HEAP_NEW` to docs/errors.md, or to docs/environment.md if it is a variable',
      'docs/errors.md explains EBB_HEAP_GONE, which no package has',
    ]);
  });

  test('an error that does not say what to do is incomplete', () => {
    const half = '## EBB_HEAP_GONE\n\n**What happened.** It went.\n\n**What to do.**\n';
    const files = { 'packages/heap/src/a.ts': "throw 'EBB_HEAP_GONE';\n", 'docs/errors.md': half };
    expect(namesIn(files)).toEqual([
      'docs/errors.md: EBB_HEAP_GONE lacks a paragraph that begins with **What to do.**',
    ]);
  });
});
