/** Listeners that a file adds, and those that it takes off. */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { indexOf, methodCallsIn } from '../code/file-index.ts';
import { functionOf } from '../code/bindings.ts';
import {
  isFunction,
  isWithin,
  keyName,
  methodCall,
  stringValue,
  terminalName,
  unwrap,
  type FunctionNode,
  type Node,
} from '../code/nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

const ADDERS = new Set(['on', 'addListener', 'prependListener', 'once', 'prependOnceListener', 'addEventListener']);
const REMOVERS = new Set(['off', 'removeListener', 'removeEventListener', 'removeAllListeners']);

/** `emitter.on('event', listener)`. */
export interface Registration {
  readonly call: TSESTree.CallExpression;
  readonly method: string;
  readonly emitter: Node;
  /** The event, where its name is written in the code. */
  readonly event: string | undefined;
  readonly listener: Node;
  /** Whether it is gone when the event has come: `once()`, or `{ once: true }`. */
  readonly isOnce: boolean;
}

/** The listeners that are added in a file, in the order of the code. */
export function registrationsIn(sourceCode: SourceCode): Registration[] {
  return indexOf(sourceCode).calls.flatMap((call) => {
    const target = methodCall(call);
    // Emitters call their own methods by other names: _on, __addListener.
    const method = target?.method.replace(/^_+/u, '') ?? '';
    if (target?.call !== call || !ADDERS.has(method) || call.arguments.length < 2) return [];
    const [event, listener] = call.arguments;
    if (listener.type === T.SpreadElement || event.type === T.SpreadElement) return [];
    const isOnce = /once/iu.test(method) || (method === 'addEventListener' && hasOnce(call));
    return [{ call, method, emitter: target.object, event: stringValue(event), listener: unwrap(listener), isOnce }];
  });
}

/** `addEventListener(…, { once: true })`; options that cannot be seen may say so, too. */
function hasOnce(call: TSESTree.CallExpression): boolean {
  const options = optionsOf(call);
  if (options === undefined || options.type === T.Literal) return false;
  if (options.type !== T.ObjectExpression) return true;
  return options.properties.some((property) => property.type !== T.Property || keyName(property) === 'once');
}

/** Whether a signal takes the listener off: `addEventListener(…, { signal })`, or options that cannot be seen. */
export function endsBySignal({ call, method }: Registration): boolean {
  if (method !== 'addEventListener') return false;
  const options = optionsOf(call);
  if (options?.type !== T.ObjectExpression) return options?.type === T.Identifier;
  return options.properties.some((property) => property.type !== T.Property || keyName(property) === 'signal');
}

function optionsOf({ arguments: [, , options] }: TSESTree.CallExpression): Node | undefined {
  return options === undefined ? undefined : unwrap(options);
}

/** `emitter.off('event', …)`, and what ends all at once: `removeAllListeners()`. */
export interface Removal {
  readonly call: TSESTree.CallExpression;
  readonly emitter: Node;
  /** undefined: every event. */
  readonly event: string | undefined;
  /** Whether an event is given, but not written in the code. */
  readonly isDynamic: boolean;
}

/** The removals of listeners in a file. */
export function removalsIn(sourceCode: SourceCode): Removal[] {
  return methodCallsIn(sourceCode, REMOVERS).map(({ call, object: emitter }) => {
    const event = stringValue(call.arguments[0]);
    return { call, emitter, event, isDynamic: event === undefined && call.arguments.length > 0 };
  });
}

/**
 * Whether a file takes listeners of this event off an emitter of this name somewhere: `this.options.signal` and `signal`
 * are one name. Who removes at the wrong moment is not found by reading.
 */
export function isRemoved(registration: Registration, removals: readonly Removal[]): boolean {
  const name = terminalName(registration.emitter);
  return removals.some(
    ({ emitter, event, isDynamic }) =>
      (terminalName(emitter) === name || name === undefined) &&
      (event === undefined || isDynamic || registration.event === undefined || event === registration.event),
  );
}

/** The function that is registered, where it stands in the file. */
export function listenerFunction(sourceCode: SourceCode, listener: Node): FunctionNode | undefined {
  return isFunction(listener) ? listener : functionOf(sourceCode, listener);
}

/** Whether the listener is made anew whenever `around` runs: a function in it, or a bound one. */
export function isMadeIn(sourceCode: SourceCode, listener: Node, around: Node): boolean {
  const fn = listenerFunction(sourceCode, listener);
  if (fn) return isWithin(fn, around);
  return methodCall(listener)?.method === 'bind';
}
