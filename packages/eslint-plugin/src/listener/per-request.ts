/** Listeners that a request handler adds to what lives as long as the process. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { variableOf } from '../code/bindings.ts';
import { isOfRequest, requestFunction, runsOnce } from '../code/lifetime.ts';
import { enclosingFunction, isWithin, rootOf, type Node } from '../code/nodes.ts';
import { isOfProcess, isProcess } from './emitters.ts';
import { isMadeIn, type Registration, type Removal } from './registrations.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** In a handler, on an emitter of the process, with a function that the handler makes. */
export function isPerRequest(sourceCode: SourceCode, { call, isOnce, emitter, listener }: Registration): boolean {
  const handler = requestFunction(call);
  if (!handler || runsOnce(sourceCode, call) || !isOfProcess(sourceCode, emitter)) return false;
  if (isOfRequest(sourceCode, rootOf(emitter))) return false;
  // What waits once for an event that comes is gone after it; the end of the process does not come.
  if (isOnce && !isProcess(sourceCode, emitter)) return false;
  return isMadeIn(sourceCode, listener, handler);
}

/** Whether a function holds on to the request that code around it was given. */
export function usesRequest(sourceCode: SourceCode, hook: Node): boolean {
  const scope = sourceCode.getScope(hook);
  const names = scope.through.map(({ identifier }) => identifier as Node);
  return names.some((name) => isOfRequest(sourceCode, name));
}

/**
 * Whether the only removal of a listener that nobody else knows stands in an `if` of the function that added it:
 * `bus.on('paid', onPaid); … if (isDone) bus.off('paid', onPaid);` keeps it on the other way.
 */
export function isRemovedOnOneWay(
  sourceCode: SourceCode,
  { call, listener }: Registration,
  removals: readonly Removal[],
): boolean {
  const around = enclosingFunction(call);
  const uses = variableOf(sourceCode, listener)?.references.filter(({ init }) => init !== true) ?? [];
  const others = uses.map(({ identifier }) => identifier as Node).filter((use) => !isWithin(use, call));
  const [removal] = removals.filter((each) => others.some((use) => each.call === use.parent));
  if (others.length !== 1 || !removal || enclosingFunction(removal.call) !== around) return false;
  for (let at: Node | undefined = removal.call.parent; at && at !== around && !isWithin(call, at); at = at.parent) {
    if (at.type === T.TryStatement) return false; // finally
    if (at.type === T.IfStatement) return true;
  }
  return false;
}
