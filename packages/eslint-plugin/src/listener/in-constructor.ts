/** Listeners that a constructor adds to what lives as long as the process: none of the instances is ever collected. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { nameOfSelf, type Self } from '../code/bindings.ts';
import { capturesSelf, constructorAround } from '../code/constructors.ts';
import { indexOf } from '../code/file-index.ts';
import { requestFunction, runsOnce } from '../code/lifetime.ts';
import { keyName, propertyName, terminalName, type Node } from '../code/nodes.ts';
import { isExported } from '../collection/exported.ts';
import { isOfProcess, isProcess } from './emitters.ts';
import type { Registration } from './registrations.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** The class whose instances a listener holds that its constructor adds to something of the process. */
export function heldByConstructor(
  sourceCode: SourceCode,
  { call, isOnce, emitter, listener }: Registration,
): Self | undefined {
  const self = constructorAround(sourceCode, call);
  if (!self || !isOfProcess(sourceCode, emitter)) return undefined;
  // What waits once for an event that comes is gone after it; the end of the process does not come.
  if (isOnce && !isProcess(sourceCode, emitter)) return undefined;
  return capturesSelf(sourceCode, listener, self) || isArrowOf(self, listener) ? self : undefined;
}

/** `this.follow`, where `follow = () => {…}` is a field: each instance has its own. */
function isArrowOf(self: Self, listener: Node): boolean {
  if (listener.type !== T.MemberExpression || listener.object.type !== T.ThisExpression) return false;
  if (self.type !== T.ClassDeclaration && self.type !== T.ClassExpression) return false;
  return self.body.body.some(
    (member) =>
      member.type === T.PropertyDefinition &&
      member.value?.type === T.ArrowFunctionExpression &&
      keyName(member) === propertyName(listener),
  );
}

/** Whether the file shows that a request makes instances of a class. */
export function isMadePerRequest(sourceCode: SourceCode, self: Self): boolean {
  return instancesOf(sourceCode, self).some((made) => requestFunction(made) && !runsOnce(sourceCode, made));
}

/** Whether others may make any number of instances, and the file itself makes none. */
export function isMadeByOthers(sourceCode: SourceCode, self: Self): boolean {
  return isExported(sourceCode, self) && instancesOf(sourceCode, self).length === 0;
}

function instancesOf(sourceCode: SourceCode, self: Self): Node[] {
  const name = nameOfSelf(self);
  return indexOf(sourceCode).news.filter(({ callee }) => name !== undefined && terminalName(callee) === name);
}
