/** Of two events of which one comes: the listener that nobody takes off when the other one comes. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { selfOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import {
  enclosingFunction,
  isWithin,
  keyName,
  propertyName,
  rootOf,
  stringValue,
  terminalName,
  type FunctionNode,
  type Node,
} from '../code/nodes.ts';
import type { Registration, Removal } from './registrations.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/**
 * Two handlers of an instance are added to an emitter together. The handler of the one takes the other off, so one of
 * the two events is expected; the handler of the other does not do the same, so this listener stays when that comes.
 */
export function isForgotten(
  sourceCode: SourceCode,
  registration: Registration,
  registrations: readonly Registration[],
  removals: readonly Removal[],
): boolean {
  const own = handlerOf(sourceCode, registration);
  const around = enclosingFunction(registration.call);
  if (own === undefined || !around) return false;
  const takesOff = (handler: string, other: Registration, otherHandler: string): boolean =>
    removals.some(
      ({ call }) =>
        stringValue(call.arguments[0]) === other.event &&
        isHandler(sourceCode, call.arguments[1], otherHandler) &&
        bodiesOf(sourceCode, handler).some((body) => isWithin(call, body)),
    );
  return registrations.some((other) => {
    const handler = handlerOf(sourceCode, other);
    if (handler === undefined || other.event === registration.event) return false;
    if (enclosingFunction(other.call) !== around) return false;
    if (sourceCode.getText(other.emitter) !== sourceCode.getText(registration.emitter)) return false;
    return takesOff(own, other, handler) && !takesOff(handler, registration, own);
  });
}

/** `this.onData`, a handler of the instance that does the adding, for an event that is written in the code: its name. */
function handlerOf(sourceCode: SourceCode, { event, listener }: Registration): string | undefined {
  if (event === undefined || listener.type !== T.MemberExpression) return undefined;
  return selfOf(sourceCode, listener.object) ? terminalName(listener) : undefined;
}

function isHandler(sourceCode: SourceCode, node: Node | undefined, name: string): boolean {
  return node !== undefined && terminalName(node) === name && selfOf(sourceCode, rootOf(node)) !== undefined;
}

/** The functions that a class, or a prototype, has under a name. */
function bodiesOf(sourceCode: SourceCode, name: string): FunctionNode[] {
  return indexOf(sourceCode).functions.filter(({ parent }) => {
    if (parent.type === T.MethodDefinition || parent.type === T.PropertyDefinition) return keyName(parent) === name;
    return parent.type === T.AssignmentExpression && propertyName(parent.left) === name;
  });
}
