/**
 * How often code runs. Code runs once with its module when it stands in no function, in a function that is called where
 * it stands, or in a named function that is only called from such code. All other code is taken to run again and again.
 */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { behind, isParameter, variableOf } from './bindings.ts';
import { declaredNames, isFunction, rootOf, unwrap, type FunctionNode, type Node } from './nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Whether a node is evaluated once, when its module is loaded. */
export function runsOnce(sourceCode: SourceCode, node: Node, depth = 0): boolean {
  let child = node;
  for (let at = node.parent; at; child = at, at = at.parent) {
    if (isFunction(at) && !functionRunsOnce(sourceCode, at, depth)) return false;
    if (at.type === T.PropertyDefinition && !at.static && child !== at.key) return false;
    if (isEndlessLoop(at)) return false;
  }
  return true;
}

/** `for (;;)`, `while`, `for await`; a loop over a list of the module comes to its end with the module. */
function isEndlessLoop(node: Node): boolean {
  if (node.type === T.ForStatement) return !node.test;
  if (node.type === T.ForOfStatement) return node.await;
  return node.type === T.WhileStatement || node.type === T.DoWhileStatement;
}

function functionRunsOnce(sourceCode: SourceCode, fn: FunctionNode, depth: number): boolean {
  if (fn.generator) return false;
  const { parent } = fn;
  if (parent.type === T.CallExpression) {
    const callee = unwrap(parent.callee);
    if (callee === fn) return true;
    // (function (factory) { … })(function () { … }): the wrapping of libraries for every module system.
    return isFunction(callee) && parent.arguments.includes(fn as never);
  }
  // (function () { … }).call(this)
  if (parent.type === T.MemberExpression && parent.object === fn && parent.parent.type === T.CallExpression)
    return true;
  if (parent.type === T.UnaryExpression) return false;
  if (depth > 2 || fn.type !== T.FunctionDeclaration || !fn.id) return false;
  const variable = sourceCode.getDeclaredVariables?.(fn)[0];
  if (!variable || variable.references.length === 0 || parent.type === T.ExportNamedDeclaration) return false;
  return variable.references.every(
    ({ identifier }) =>
      identifier.parent.type === T.CallExpression &&
      identifier.parent.callee === identifier &&
      runsOnce(sourceCode, identifier as Node, depth + 1),
  );
}

const REQUEST_NAMES = new Set(['req', 'request', 'res', 'response']);

/** The nearest function around a node that is given a request, or its response. */
export function requestFunction(node: Node): FunctionNode | undefined {
  for (let at: Node | undefined = node; at; at = at.parent) {
    if (isFunction(at) && requestNames(at).length > 0) return at;
  }
  return undefined;
}

/** The parameters of a function by which it has a request or a response. */
function requestNames(fn: FunctionNode): string[] {
  return fn.params
    .flatMap((parameter) => declaredNames(parameter))
    .map(({ name }) => name)
    .filter((name) => REQUEST_NAMES.has(name));
}

/** Whether an expression is, or belongs to, the request or the response that code around it was given. */
export function isOfRequest(sourceCode: SourceCode, root: Node): boolean {
  if (root.type !== T.Identifier || !REQUEST_NAMES.has(root.name)) return false;
  return isParameter(variableOf(sourceCode, root));
}

/** Whether an expression is made of the request or the response that code around it was given. */
export function mentionsRequest(sourceCode: SourceCode, node: Node): boolean {
  const inner = unwrap(node);
  if (isOfRequest(sourceCode, rootOf(inner))) return true;
  switch (inner.type) {
    case T.Identifier: {
      const value = behind(sourceCode, inner);
      return value !== inner && mentionsRequest(sourceCode, value);
    }
    case T.ObjectExpression:
      return inner.properties.some((each) => each.type === T.Property && mentionsRequest(sourceCode, each.value));
    case T.TemplateLiteral:
      return inner.expressions.some((each) => mentionsRequest(sourceCode, each));
    case T.BinaryExpression:
      return [inner.left, inner.right].some((each) => mentionsRequest(sourceCode, each));
    default:
      return false;
  }
}
