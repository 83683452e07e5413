/** Emitters that live longer than the code that listens to them. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { importedAs, initOf, isGlobal, isImport, nameOfSelf, selfOf, variableOf } from '../code/bindings.ts';
import { runsOnce } from '../code/lifetime.ts';
import { rootOf, terminalName, unwrap, type Node } from '../code/nodes.ts';
import { typeNameOf } from '../code/types.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Whether an emitter lives as long as the process: `process` itself, or what a variable of the module holds. */
export function isOfProcess(sourceCode: SourceCode, emitter: Node): boolean {
  const node = unwrap(emitter);
  if (isProcess(sourceCode, node)) return true;
  const root = rootOf(node);
  const variable = variableOf(sourceCode, root);
  if (isImport(variable)) return true;
  const definition = variable?.defs[0];
  if (!definition) return false;
  if (definition.node.type !== T.VariableDeclarator || !definition.node.init) return false;
  return definition.parent?.type === T.VariableDeclaration && runsOnce(sourceCode, definition.node);
}

/** Whether an expression is Node's `process`. */
export function isProcess(sourceCode: SourceCode, emitter: Node): boolean {
  if (isGlobal(sourceCode, emitter, 'process')) return true;
  const from = importedAs(sourceCode, emitter);
  return from?.name === 'default' && (from.module === 'node:process' || from.module === 'process');
}

const NODES_OWN = new Set(['EventEmitter', 'EventTarget', 'AbortSignal', 'Process', 'Socket', 'Server', 'any']);

/**
 * The scope of a leak of listeners: the class of the emitter where types, or the place that makes it, tell one of the
 * program's own, else where it is kept.
 */
export function scopeOfEmitter(sourceCode: SourceCode, emitter: Node): string {
  const type = typeNameOf(sourceCode, emitter) ?? madeAs(sourceCode, emitter);
  if (type !== undefined && !NODES_OWN.has(type)) return type;
  const node = unwrap(emitter);
  const self = node.type === T.MemberExpression ? selfOf(sourceCode, rootOf(node)) : undefined;
  return (self && nameOfSelf(self)) ?? 'module';
}

/** The class in `const feed = new Feed()`. */
function madeAs(sourceCode: SourceCode, emitter: Node): string | undefined {
  const init = initOf(variableOf(sourceCode, unwrap(emitter)));
  const made = init === undefined ? undefined : unwrap(init);
  return made?.type === T.NewExpression ? terminalName(made.callee) : undefined;
}
