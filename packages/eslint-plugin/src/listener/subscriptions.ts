/** Subscriptions that a request handler makes with what lives as long as the process, and that nothing ends. */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { initOf, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { isOfRequest, mentionsRequest, requestFunction, runsOnce } from '../code/lifetime.ts';
import { isFunction, methodCall, rootOf, terminalName, unwrap, wrapped, type Node } from '../code/nodes.ts';
import { typeNameOf } from '../code/types.ts';
import { isOfProcess } from './emitters.ts';
import { usesRequest } from './per-request.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** `publisher.subscribe(channel)`, `subject.subscribe(listener)`. */
export interface Subscription {
  readonly call: TSESTree.CallExpression;
  readonly emitter: Node;
}

const SUBSCRIBES = /^[ps]?subscribe$/iu;
/** By any of these a subscription may end, whoever calls it on what. */
const ENDS = /^(?:[ps]?unsubscribe|quit|disconnect|takeUntil|untilDestroyed)$/iu;

/**
 * Subscriptions to a channel that is the request's own, and listeners of a subject that hold on to the request, where
 * nobody keeps what `subscribe` returns and nothing in the file unsubscribes. Observables that are no subjects may
 * complete by themselves, and are left alone.
 */
export function subscriptionsPerRequest(sourceCode: SourceCode): Subscription[] {
  const { calls } = indexOf(sourceCode);
  const made = calls.flatMap((call): Subscription[] => {
    const target = methodCall(call);
    if (target?.call !== call || !SUBSCRIBES.test(target.method)) return [];
    const emitter = target.object;
    if (!isDropped(call) || runsOnce(sourceCode, call) || !requestFunction(call)) return [];
    if (!isOfProcess(sourceCode, emitter) || isOfRequest(sourceCode, rootOf(emitter))) return [];
    const [first] = call.arguments;
    if (first === undefined || first.type === T.SpreadElement) return [];
    const isOfThisRequest = isFunction(first)
      ? isSubject(sourceCode, emitter) && usesRequest(sourceCode, first)
      : mentionsRequest(sourceCode, first);
    return isOfThisRequest ? [{ call, emitter }] : [];
  });
  return made.length > 0 && calls.some((call) => ENDS.test(terminalName(call.callee) ?? '')) ? [] : made;
}

/** Nobody keeps what a call returns. */
function isDropped(call: Node): boolean {
  const { parent } = wrapped(call);
  if (parent?.type === T.AwaitExpression) return isDropped(parent);
  return parent?.type === T.ExpressionStatement;
}

function isSubject(sourceCode: SourceCode, emitter: Node): boolean {
  const type = typeNameOf(sourceCode, emitter);
  if (type !== undefined) return type.endsWith('Subject');
  const init = initOf(variableOf(sourceCode, emitter));
  const value = init && unwrap(init);
  return value?.type === T.NewExpression && (terminalName(value.callee)?.endsWith('Subject') ?? false);
}
