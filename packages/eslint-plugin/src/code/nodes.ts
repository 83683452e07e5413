/** Reading single nodes: what an expression is without its wrapping, and what names stand in it. */
import { AST_NODE_TYPES as T, type TSESTree } from '@typescript-eslint/utils';

/** A node of a syntax tree. */
export type Node = TSESTree.Node;

/** Functions of every kind. */
export type FunctionNode =
  TSESTree.FunctionDeclaration | TSESTree.FunctionExpression | TSESTree.ArrowFunctionExpression;

/** Classes of both kinds. */
export type ClassNode = TSESTree.ClassDeclaration | TSESTree.ClassExpression;

/** Whether a node is a function. */
export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return (
    node?.type === T.FunctionDeclaration ||
    node?.type === T.FunctionExpression ||
    node?.type === T.ArrowFunctionExpression
  );
}

/** The expression without type assertions, optional chains, and the `(0, f)` of compiled code. */
export function unwrap(node: Node): Node {
  switch (node.type) {
    case T.TSAsExpression:
    case T.TSNonNullExpression:
    case T.TSSatisfiesExpression:
    case T.TSTypeAssertion:
    case T.TSInstantiationExpression:
    case T.ChainExpression:
      return unwrap(node.expression);
    case T.SequenceExpression:
      return unwrap(node.expressions[node.expressions.length - 1]);
    default:
      return node;
  }
}

/** The outermost node that is nothing but this expression in wrapping. */
export function wrapped(node: Node): Node {
  let at = node;
  for (;;) {
    const { parent } = at;
    if (
      parent !== undefined &&
      (parent.type === T.TSAsExpression ||
        parent.type === T.TSNonNullExpression ||
        parent.type === T.TSSatisfiesExpression ||
        parent.type === T.ChainExpression)
    ) {
      at = parent;
    } else {
      return at;
    }
  }
}

/** The property's name where it is written in the code: `a.b`, `a['b']`, `a.#b`. */
export function propertyName(node: Node | null | undefined): string | undefined {
  if (node?.type !== T.MemberExpression) return undefined;
  if (!node.computed)
    return node.property.type === T.PrivateIdentifier ? `#${node.property.name}` : nameOf(node.property);
  return stringValue(node.property);
}

function nameOf(node: Node): string | undefined {
  return node.type === T.Identifier ? node.name : undefined;
}

/** The value of a string literal, or of a template without expressions. */
export function stringValue(node: Node | null | undefined): string | undefined {
  if (node?.type === T.Literal) return typeof node.value === 'string' ? node.value : undefined;
  if (node?.type === T.TemplateLiteral && node.expressions.length === 0)
    return node.quasis[0].value.cooked ?? undefined;
  return undefined;
}

/** The key of a property or class member that is written in the code. */
export function keyName(
  node: TSESTree.Property | TSESTree.PropertyDefinition | TSESTree.MethodDefinition,
): string | undefined {
  if (node.computed) return stringValue(node.key);
  if (node.key.type === T.PrivateIdentifier) return `#${node.key.name}`;
  return nameOf(node.key) ?? stringValue(node.key);
}

/** The last name of an expression: `signal` of `this.options.signal`. */
export function terminalName(expression: Node): string | undefined {
  const node = unwrap(expression);
  if (node.type === T.Identifier) return node.name;
  if (node.type === T.ThisExpression) return 'this';
  return propertyName(node);
}

/** The object that a chain of properties begins with: `this` of `this.options.signal`. */
export function rootOf(expression: Node): Node {
  let node = unwrap(expression);
  while (node.type === T.MemberExpression) node = unwrap(node.object);
  return node;
}

/** A call of a method, with what it is called on. */
export interface MethodCall {
  readonly object: Node;
  readonly method: string;
  readonly call: TSESTree.CallExpression;
}

/** The method that a call calls; undefined for calls of plain functions. */
export function methodCall(node: Node | null | undefined): MethodCall | undefined {
  if (node === null || node === undefined) return undefined;
  const call = unwrap(node);
  if (call.type !== T.CallExpression) return undefined;
  const callee = unwrap(call.callee);
  const method = propertyName(callee);
  return callee.type === T.MemberExpression && method !== undefined
    ? { object: unwrap(callee.object), method, call }
    : undefined;
}

/** The nearest function around a node. */
export function enclosingFunction(node: Node): FunctionNode | undefined {
  for (let at = node.parent; at; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/** Whether `inner` stands in `outer`, or is it. */
export function isWithin(inner: Node, outer: Node): boolean {
  return inner.range[0] >= outer.range[0] && inner.range[1] <= outer.range[1];
}

/** Every identifier that a parameter or pattern declares. */
export function declaredNames(pattern: Node): TSESTree.Identifier[] {
  switch (pattern.type) {
    case T.Identifier:
      return [pattern];
    case T.AssignmentPattern:
      return declaredNames(pattern.left);
    case T.RestElement:
      return declaredNames(pattern.argument);
    case T.ArrayPattern:
      return pattern.elements.flatMap((element) => (element ? declaredNames(element) : []));
    case T.ObjectPattern:
      return pattern.properties.flatMap((property) =>
        declaredNames(property.type === T.Property ? property.value : property),
      );
    case T.TSParameterProperty:
      return declaredNames(pattern.parameter);
    default:
      return [];
  }
}
