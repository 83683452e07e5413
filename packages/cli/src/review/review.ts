/**
 * Reviews a change, or a tree: the plugin's rules on each file, minus what they found in it at the base; then what only
 * both versions show; then the checklists for what was touched.
 */
import type { Spot } from '@ebb/eslint-plugin';
import { statSync } from 'node:fs';
import { checklistOf, type ChecklistEntry } from './checklist.ts';
import { readTree, textAtBase, textOf, type SourceFile, type Tree } from './repository.ts';
import { RuleRunner, type ReadText } from './rules.ts';
import { stateChanges } from './state-changes.ts';

/** A place in a file of the tree. */
export interface ReviewLocation extends Spot {
  readonly file: string;
  readonly repoPath: string;
}

/** Something that a reviewer should stop at. */
export interface ReviewFinding {
  /** `ebb/…`: a rule of the plugin; `diff/…`: seen by both versions. */
  readonly rule: string;
  readonly message: string;
  readonly fingerprint: string;
  readonly location: ReviewLocation;
  readonly endLine: number;
  /** From where the state is made to where it grows, and where it should have been released. */
  readonly steps: readonly { readonly at: Spot; readonly message: string }[];
}

/** What came out (`ebb.review/1`). */
export interface Review {
  readonly format: 'ebb.review/1';
  readonly root: string;
  /** The commit that the change was held against; null for the whole tree. */
  readonly base: string | null;
  /** How many files were read. */
  readonly files: number;
  readonly findings: readonly ReviewFinding[];
  readonly checklist: readonly ChecklistEntry[];
  /** Files that could not be read as code, or that are too large to be written by people. */
  readonly unread: readonly {
    readonly repoPath: string;
    readonly line: number | null;
    readonly reason: string;
    readonly isBroken: boolean;
  }[];
}

/** What to review. */
export interface ReviewOptions {
  readonly folder: string;
  readonly base?: string | undefined;
  readonly strict: boolean;
  /** Files above it are not read: bundles, data. */
  readonly mostBytes: number;
}

/**
 * Reviews. Takes some milliseconds a file without types, some seconds for the types of a project.
 *
 * @throws {CliError} EBB_CLI_REVIEW_BASE
 */
export function review(options: ReviewOptions): Review {
  const tree = readTree(options.folder, options.base);
  const runner = new RuleRunner({ root: tree.root, strict: options.strict });
  const findings: ReviewFinding[] = [];
  const checklist: ChecklistEntry[] = [];
  const unread: Review['unread'][number][] = [];
  let files = 0;
  for (const source of tree.files) {
    const { repoPath } = source;
    const { size } = statSync(source.file);
    if (size > options.mostBytes) {
      const reason = `${size.toLocaleString('en')} bytes: not read, people do not write such files (--max-bytes)`;
      unread.push({ repoPath, line: null, reason, isBroken: false });
      continue;
    }
    const head = runner.read(source, textOf(source));
    if ('reason' in head) {
      unread.push({ repoPath, line: head.line, reason: head.reason, isBroken: true });
      continue;
    }
    files++;
    findings.push(...findingsOf(tree, source, head, runner));
    if (tree.base !== null) checklist.push(...checklistOf(repoPath, head.state));
  }
  return { format: 'ebb.review/1', root: tree.root, base: tree.base, files, findings, checklist, unread };
}

function findingsOf(tree: Tree, source: SourceFile, head: ReadText, runner: RuleRunner): ReviewFinding[] {
  const text = textAtBase(tree, source);
  const read = text === null ? undefined : runner.read(source, text);
  const base = read && !('reason' in read) ? read : undefined;
  const before = countOf(base?.findings.map(({ rule, fingerprint }) => `${rule}\n${fingerprint}`) ?? []);
  const { file, repoPath } = source;
  const byRules = head.findings
    .filter(({ rule, fingerprint }) => !takeOne(before, `${rule}\n${fingerprint}`))
    .map(({ rule, message, fingerprint, line, column, endLine, released }) => ({
      rule,
      message,
      fingerprint,
      location: { file, repoPath, line, column },
      endLine,
      steps: stepsTo(head, { rule, at: { line, column }, released }),
    }));
  const known = new Set(byRules.map(({ fingerprint }) => fingerprint));
  const byDiff = (base ? stateChanges(file, tree.root, base.state, head.state) : [])
    // The rules have told it already, and say more.
    .filter(({ fingerprint }) => !known.has(fingerprint))
    .map(({ at, ...change }) => ({ ...change, location: { file, repoPath, ...at }, endLine: at.line }));
  return [...byRules, ...byDiff];
}

function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function takeOne(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
}

/** How a rule's finding is stored, and how it is not released, in words. */
const FLOWS: Readonly<Record<string, readonly [stored: string, kept: string]>> = {
  'ebb/no-listener-per-request': ['the listener is added here', 'nothing has taken the listener off'],
  'ebb/no-abort-listener-leak': ['the listener is added here', 'nothing has taken the listener off'],
  'ebb/no-unclosed-resource': ['this has to be closed', 'on a way to it nothing has closed it'],
  'ebb/no-uncleared-interval': ['the interval starts here', 'nothing has the timer that could clear it'],
  'ebb/no-race-with-long-lived-promise': ['the race is hung on the promise here', 'the promise still has it'],
  'ebb/no-recursive-promise-chain': [
    'the next round is waited for here',
    'its promise stays until all rounds are done',
  ],
  'ebb/no-stale-key': ['it is entered again here, under its new key', 'the entry under the former key stays'],
};

/** From where something is stored to where it should have been let go of at the latest: the end of the function. */
function stepsTo(
  { state }: ReadText,
  { rule, at, released }: { rule: string; at: Spot; released: Spot | null },
): ReviewFinding['steps'] {
  const collection = state.collections.find(({ adds }) =>
    adds.some((add) => add.line === at.line && add.column === at.column),
  );
  const [stored, kept] = FLOWS[rule] ?? [
    collection === undefined ? 'this is kept' : `this adds to ${collection.name}`,
    collection === undefined ? 'it is still kept' : `nothing in this file takes out of ${collection.name}`,
  ];
  return [
    ...(collection === undefined
      ? []
      : [{ at: collection.declared, message: `${collection.name} (${collection.container}) is made here` }]),
    { at, message: stored },
    ...(released === null ? [] : [{ at: released, message: `the function ends here, and ${kept}` }]),
  ];
}
