/** Code that runs when an instance is made. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { nameOfSelf, selfAt, type Self } from './bindings.ts';
import { indexOf } from './file-index.ts';
import { isFunction, isWithin, methodCall, terminalName, type Node } from './nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** The class whose constructor, or the constructor function, the call stands in. */
export function constructorAround(sourceCode: SourceCode, call: Node): Self | undefined {
  for (let at = call.parent; at; at = at.parent) {
    if (!isFunction(at) || at.type === T.ArrowFunctionExpression) continue;
    if (at.parent.type === T.MethodDefinition)
      return at.parent.kind === 'constructor' ? selfAt(sourceCode, call) : undefined;
    return isUsedAsClass(sourceCode, at) ? at : undefined;
  }
  return undefined;
}

/** A function that sets fields of `this`, and to whose prototype methods are added. */
function isUsedAsClass(sourceCode: SourceCode, fn: Self): boolean {
  const name = nameOfSelf(fn);
  return (
    name !== undefined &&
    (indexOf(sourceCode).byProperty.get('prototype') ?? []).some(
      (access) => access.type === T.MemberExpression && terminalName(access.object) === name,
    )
  );
}

/** Whether a callback holds on to the instance that a constructor makes: by `this`, or a variable that was set to it. */
export function capturesSelf(sourceCode: SourceCode, callback: Node, self: Self): boolean {
  if (!isFunction(callback)) return methodCall(callback)?.method === 'bind';
  const text = sourceCode.getText(callback);
  if (callback.type === T.ArrowFunctionExpression && text.includes('this')) return true;
  return sourceCode.getScope(callback).through.some(({ resolved }) => {
    const node = resolved?.defs[0]?.node;
    return node?.type === T.VariableDeclarator && node.init?.type === T.ThisExpression && isWithin(node, self);
  });
}
