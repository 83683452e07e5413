/**
 * Classes whose instances must be closed: the constructor adds a listener to something that it was given, subscribes to
 * it, or starts an interval, and a method undoes that, which may be `[Symbol.dispose]`. Read from the class's code where it stands in the file, and by types where it
 * stands in another one. The compiler is no dependency, so its nodes are read by their shape.
 */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { isParameter, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import {
  isWithin,
  keyName,
  methodCall,
  rootOf,
  stringValue,
  terminalName,
  unwrap,
  type ClassNode,
  type Node,
} from '../code/nodes.ts';
import { typeSymbolAt, typeSymbolOf } from '../code/types.ts';
import { OF_TIMERS, type LeakIdentity } from '../identity/fingerprint.ts';
import { isOfProcess, scopeOfEmitter } from '../listener/emitters.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Names of methods that end an instance. */
export const CLOSERS: ReadonlySet<string> = new Set(
  'close stop dispose destroy end unsubscribe disconnect release cancel teardown detach shutdown terminate'.split(' '),
);
const ADDERS = new Set(['on', 'addListener', 'prependListener', 'addEventListener']);
const REMOVERS = new Set(
  'off removeListener removeEventListener removeAllListeners clearInterval unsubscribe'.split(' '),
);

/** How an instance is declared that is disposed of by itself. */
export type Using = 'using' | 'await using';
const DISPOSERS: ReadonlyMap<string, Using> = new Map([
  ['dispose', 'using'],
  ['asyncDispose', 'await using'],
]);

/** A class whose instances must be closed. */
export interface Closable {
  readonly name: string;
  /** The method that ends an instance. */
  readonly closer: string;
  /** Where the class is disposable. */
  readonly using: Using | undefined;
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
      closerName(method) !== undefined &&
      calls.some((call) => isWithin(call, method) && REMOVERS.has(terminalName(call.callee) ?? '')),
  );
  if (!start || !closer) return undefined;
  const name = self.id?.name ?? '';
  const using = methods.map((method) => usingOf(method)).find((each) => each !== undefined);
  const closable = { name, closer: closerName(closer) ?? '', using };
  for (const call of calls) {
    if (!isWithin(call, start)) continue;
    if (terminalName(call.callee) === 'setInterval') {
      return { ...closable, leak: OF_TIMERS };
    }
    const target = methodCall(call);
    if (target?.call !== call) continue;
    const symbol = ADDERS.has(target.method)
      ? stringValue(call.arguments[0])
      : target.method === 'subscribe' && isGiven(sourceCode, target.object)
        ? terminalName(target.object)
        : undefined;
    if (symbol === undefined) continue;
    if (unwrap(target.object).type === T.ThisExpression) continue; // its own listeners go with it
    const scope = scopeOfEmitter(sourceCode, target.object);
    return { ...closable, leak: { scope, symbol, kind: 'listener' } };
  }
  return undefined;
}

/** The name of a method that ends an instance; `[Symbol.dispose]` is one, too. */
function closerName(method: TSESTree.MethodDefinition): string | undefined {
  const name = keyName(method);
  if (name !== undefined) return CLOSERS.has(name) ? name : undefined;
  return usingOf(method) === undefined ? undefined : `[Symbol.${terminalName(method.key) ?? ''}]`;
}

function usingOf({ computed, key }: TSESTree.MethodDefinition): Using | undefined {
  if (!computed || key.type !== T.MemberExpression || terminalName(key.object) !== 'Symbol') return undefined;
  return DISPOSERS.get(terminalName(key) ?? '');
}

/** A parameter of the constructor, or what lives as long as the process: what it makes itself goes with it. */
function isGiven(sourceCode: SourceCode, emitter: Node): boolean {
  return isParameter(variableOf(sourceCode, rootOf(emitter))) || isOfProcess(sourceCode, emitter);
}

/** As much of the compiler's nodes as is read here. */
interface TsNode {
  forEachChild(visit: (child: TsNode) => void): void;
  getSourceFile(): { fileName: string };
  /** The name of a member: a text, or in brackets an expression. */
  readonly name?: TsNode;
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
      closerText(member) !== undefined &&
      callsIn(member).some(({ called }) => REMOVERS.has(called)),
  );
  if (!start || !closer) return undefined;
  const { fileName: file } = declaration.getSourceFile();
  const name = symbol.getName();
  const using = declaration.members.map((member) => usingText(member)).find((each) => each !== undefined);
  const closable = { name, closer: closerText(closer) ?? '', using };
  const parameters = new Set(start.parameters?.map((parameter) => parameter.name?.text));
  for (const { called, on, args } of callsIn(start)) {
    if (called === 'setInterval') {
      return { ...closable, leak: { ...OF_TIMERS, file } };
    }
    const given = on?.text !== undefined && parameters.has(on.text) ? on.text : undefined;
    const event = ADDERS.has(called) ? args[0]?.text : called === 'subscribe' ? given : undefined;
    if (on === undefined || event === undefined) continue;
    const scope = typeSymbolAt(sourceCode, on)?.getName() ?? 'module';
    if (scope === name) continue; // its own listeners go with it
    return { ...closable, leak: { scope: ownScope(scope), symbol: event, kind: 'listener', file } };
  }
  return undefined;
}

function closerText(member: TsNode): string | undefined {
  const text = member.name?.text;
  if (text !== undefined) return CLOSERS.has(text) ? text : undefined;
  return usingText(member) === undefined ? undefined : `[Symbol.${member.name?.expression?.name?.text ?? ''}]`;
}

/** `[Symbol.dispose]() { … }` */
function usingText({ name, body }: TsNode): Using | undefined {
  const key = name?.expression;
  if (body === undefined || key?.expression?.text !== 'Symbol') return undefined;
  return DISPOSERS.get(key.name?.text ?? '');
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
