/**
 * Classes whose instances must be closed: the constructor adds a listener to something that it was given, or starts an
 * interval, and a method undoes that. Read from the class's code where it stands in the file, and by types where it
 * stands in another one. The compiler is no dependency, so its nodes are read by their shape.
 */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import {
  isWithin,
  keyName,
  methodCall,
  stringValue,
  terminalName,
  unwrap,
  type ClassNode,
  type Node,
} from '../code/nodes.ts';
import { typeSymbolAt, typeSymbolOf } from '../code/types.ts';
import type { LeakIdentity } from '../identity/fingerprint.ts';
import { scopeOfEmitter } from '../listener/emitters.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Names of methods that end an instance. */
export const CLOSERS: ReadonlySet<string> = new Set(
  'close stop dispose destroy end unsubscribe disconnect release cancel teardown detach shutdown terminate'.split(' '),
);
const ADDERS = new Set(['on', 'addListener', 'prependListener', 'addEventListener']);
const REMOVERS = new Set(['off', 'removeListener', 'removeEventListener', 'removeAllListeners', 'clearInterval']);

/** A class whose instances must be closed. */
export interface Closable {
  readonly name: string;
  /** The method that ends an instance. */
  readonly closer: string;
  /** What stays when it is not called. */
  readonly leak: Omit<LeakIdentity, 'unit'> & { readonly file?: string };
}

/** What must be closed of the class that an expression makes an instance of; undefined where nothing is known of it. */
export function closableOf(sourceCode: SourceCode, made: TSESTree.NewExpression): Closable | undefined {
  const definition = variableOf(sourceCode, made.callee)?.defs[0]?.node as Node | undefined;
  if (definition?.type === T.ClassDeclaration) return inFile(sourceCode, definition);
  return inOtherFile(sourceCode, made);
}

function inFile(sourceCode: SourceCode, self: ClassNode): Closable | undefined {
  const methods = self.body.body.filter((member) => member.type === T.MethodDefinition);
  const start = methods.find(({ kind }) => kind === 'constructor');
  const { calls } = indexOf(sourceCode);
  const closer = methods.find(
    (method) =>
      CLOSERS.has(keyName(method) ?? '') &&
      calls.some((call) => isWithin(call, method) && REMOVERS.has(terminalName(call.callee) ?? '')),
  );
  const closerName = closer && keyName(closer);
  if (!start || closerName === undefined) return undefined;
  for (const call of calls) {
    if (!isWithin(call, start)) continue;
    const name = self.id?.name ?? '';
    if (terminalName(call.callee) === 'setInterval') {
      return { name, closer: closerName, leak: { scope: 'module', symbol: name, kind: 'timer' } };
    }
    const target = methodCall(call);
    const event = stringValue(call.arguments[0]);
    if (target?.call !== call || !ADDERS.has(target.method) || event === undefined) continue;
    if (unwrap(target.object).type === T.ThisExpression) continue; // its own listeners go with it
    const scope = scopeOfEmitter(sourceCode, target.object);
    return { name, closer: closerName, leak: { scope, symbol: event, kind: 'listener' } };
  }
  return undefined;
}

/** As much of the compiler's nodes as is read here. */
interface TsNode {
  forEachChild(visit: (child: TsNode) => void): void;
  getSourceFile(): { fileName: string };
  readonly name?: { readonly text?: string };
  readonly text?: string;
  readonly members?: readonly TsNode[];
  readonly body?: TsNode;
  readonly parameters?: readonly TsNode[];
  readonly expression?: TsNode;
  readonly arguments?: readonly TsNode[];
}

function inOtherFile(sourceCode: SourceCode, made: TSESTree.NewExpression): Closable | undefined {
  const symbol = typeSymbolOf(sourceCode, made);
  const declaration = symbol?.valueDeclaration as unknown as TsNode | undefined;
  if (!symbol || declaration?.members === undefined) return undefined;
  const start = declaration.members.find(
    ({ name, parameters, body }) => name === undefined && parameters !== undefined && body !== undefined,
  );
  const closer = declaration.members.find(
    (member) =>
      member.body !== undefined &&
      CLOSERS.has(member.name?.text ?? '') &&
      callsIn(member).some(({ called }) => REMOVERS.has(called)),
  );
  if (!start || closer?.name?.text === undefined) return undefined;
  const { fileName: file } = declaration.getSourceFile();
  const [name, closerName] = [symbol.getName(), closer.name.text];
  for (const { called, on, args } of callsIn(start)) {
    if (called === 'setInterval') {
      return { name, closer: closerName, leak: { scope: 'module', symbol: name, kind: 'timer', file } };
    }
    if (!ADDERS.has(called) || on === undefined || args[0]?.text === undefined) continue;
    const scope = typeSymbolAt(sourceCode, on)?.getName() ?? 'module';
    if (scope === name) continue; // its own listeners go with it
    return { name, closer: closerName, leak: { scope: ownScope(scope), symbol: args[0].text, kind: 'listener', file } };
  }
  return undefined;
}

function ownScope(scope: string): string {
  return scope === 'EventEmitter' || scope === 'EventTarget' || scope === 'AbortSignal' ? 'module' : scope;
}

function callsIn(node: TsNode): { called: string; on: TsNode | undefined; args: readonly TsNode[] }[] {
  const calls: { called: string; on: TsNode | undefined; args: readonly TsNode[] }[] = [];
  const visit = (at: TsNode): void => {
    if (at.arguments !== undefined && at.expression !== undefined) {
      const { name, text, expression: on } = at.expression;
      calls.push({ called: name?.text ?? text ?? '', on, args: at.arguments });
    }
    at.forEachChild(visit);
  };
  node.forEachChild(visit);
  return calls;
}
