/**
 * What a file keeps and lets go of, so that two versions of it can be held against each other: a removal that went away
 * cannot be seen in the new version alone.
 */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { indexOf } from '../code/file-index.ts';
import { terminalName, unwrap, type Node } from '../code/nodes.ts';
import { holdersOf } from '../collection/holders.ts';
import { registrationsIn, removalsIn } from '../listener/registrations.ts';
import { scopeOfEmitter } from '../listener/emitters.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** A place in the file; lines and columns start at 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** A collection that outlives the code that adds to it. */
export interface KeptCollection {
  readonly name: string;
  /** The class that has it, or 'module'. */
  readonly scope: string;
  readonly container: string;
  readonly lifetime: 'program' | 'instance';
  readonly declared: Spot;
  readonly adds: readonly Spot[];
  readonly removes: readonly Spot[];
  /** Comparisons of its size with a bound. */
  readonly bounds: readonly Spot[];
}

/** Listeners of one event on emitters of one name. */
export interface KeptListeners {
  readonly emitter: string;
  readonly event: string;
  /** The class of the emitter, as far as types tell, or where it is kept. */
  readonly scope: string;
  readonly adds: readonly Spot[];
  readonly removes: readonly Spot[];
}

/** All that a file keeps. */
export interface FileState {
  readonly collections: readonly KeptCollection[];
  readonly listeners: readonly KeptListeners[];
  /** Names of variables in functions that hold a new collection for each call. */
  readonly locals: readonly string[];
  readonly intervals: { readonly starts: readonly Spot[]; readonly clears: readonly Spot[] };
}

/** Reads the state of a file that ESLint has parsed. */
export function stateOf(sourceCode: SourceCode): FileState {
  const { calls, news } = indexOf(sourceCode);
  const called = (name: string): Spot[] => calls.filter(({ callee }) => terminalName(callee) === name).map(spotOf);
  return {
    collections: holdersOf(sourceCode).map(({ name, scope, container, lifetime, node, uses }) => {
      const spots = (kind: string): Spot[] => uses.filter((use) => use.kind === kind).map((use) => spotOf(use.node));
      const [adds, removes, bounds] = [spots('add'), spots('remove'), spots('bound')];
      return { name, scope, container, lifetime, declared: spotOf(node), adds, removes, bounds };
    }),
    listeners: listenersOf(sourceCode),
    locals: news.flatMap((made) => localName(made) ?? []),
    intervals: { starts: called('setInterval'), clears: called('clearInterval') },
  };
}

function listenersOf(sourceCode: SourceCode): KeptListeners[] {
  const removals = removalsIn(sourceCode);
  const kept = new Map<string, { listeners: KeptListeners; adds: Spot[] }>();
  for (const { call, emitter, event } of registrationsIn(sourceCode)) {
    const name = terminalName(emitter);
    if (name === undefined || event === undefined) continue;
    const known = kept.get(`${name}\n${event}`);
    if (known) {
      known.adds.push(spotOf(call));
      continue;
    }
    const adds = [spotOf(call)];
    const removes = removals
      .filter((removal) => terminalName(removal.emitter) === name)
      .filter((removal) => removal.event === event || removal.event === undefined)
      .map((removal) => spotOf(removal.call));
    const listeners = { emitter: name, event, scope: scopeOfEmitter(sourceCode, emitter), adds, removes };
    kept.set(`${name}\n${event}`, { listeners, adds });
  }
  return [...kept.values()].map(({ listeners }) => listeners);
}

/** `const seen = new Set()` anywhere. */
function localName(made: Node): string | undefined {
  const { parent } = made;
  if (parent?.type !== T.VariableDeclarator || parent.id.type !== T.Identifier || !parent.init) return undefined;
  const { type } = unwrap(parent.init);
  return type === T.NewExpression ? parent.id.name : undefined;
}

function spotOf({ loc }: Node): Spot {
  return { line: loc.start.line, column: loc.start.column + 1 };
}
