/** From names to what they are bound to: variables, imports, and the object that `this` and its aliases are. */
import { AST_NODE_TYPES as T, TSESLint, type TSESTree } from '@typescript-eslint/utils';
import {
  enclosingFunction,
  isFunction,
  isWithin,
  keyName,
  propertyName,
  stringValue,
  unwrap,
  type ClassNode,
  type FunctionNode,
  type Node,
} from './nodes.ts';

/** A variable of a scope. */
export type Variable = TSESLint.Scope.Variable;
type SourceCode = Readonly<TSESLint.SourceCode>;

/** The variable that an identifier stands for. */
export function variableOf(sourceCode: SourceCode, node: Node): Variable | undefined {
  if (node.type !== T.Identifier) return undefined;
  for (let scope: TSESLint.Scope.Scope | null = sourceCode.getScope(node); scope; scope = scope.upper) {
    const variable = scope.set.get(node.name);
    if (variable) return variable;
  }
  return undefined;
}

/** Whether a variable is a parameter of a function. */
export function isParameter(variable: Variable | undefined): boolean {
  return variable?.defs[0]?.type === TSESLint.Scope.DefinitionType.Parameter;
}

/** Whether a variable was imported. */
export function isImport(variable: Variable | undefined): boolean {
  return variable?.defs[0]?.type === TSESLint.Scope.DefinitionType.ImportBinding;
}

/** Whether a name is the global one: declared nowhere in the file. */
export function isGlobal(sourceCode: SourceCode, node: Node, name: string): boolean {
  return node.type === T.Identifier && node.name === name && !variableOf(sourceCode, node)?.defs.length;
}

/** What a variable is first set to, where it is declared by itself (`const x = …`) and nothing sets it again. */
export function initOf(variable: Variable | undefined): TSESTree.Expression | undefined {
  if (variable?.defs.length !== 1) return undefined;
  const { node } = variable.defs[0];
  if (node.type !== T.VariableDeclarator || node.id.type !== T.Identifier || !node.init) return undefined;
  return variable.references.some((reference) => reference.isWrite() && reference.init !== true)
    ? undefined
    : node.init;
}

/** The expression that a constant of the same function was set to; the expression itself otherwise. */
export function behind(sourceCode: SourceCode, expression: Node): Node {
  const node = unwrap(expression);
  if (node.type !== T.Identifier) return node;
  const init = initOf(variableOf(sourceCode, node));
  const fn = enclosingFunction(node);
  return init && fn && isWithin(init, fn) ? unwrap(init) : node;
}

/** Where something was imported from, and under which name there; `default` for a whole module. */
export interface Imported {
  readonly module: string;
  readonly name: string;
}

/** What an expression was imported as: a name, a property of an imported module, `require(…)`, and what is made of them by compilers. */
export function importedAs(sourceCode: SourceCode, expression: Node): Imported | undefined {
  const node = unwrap(expression);
  const required = requiredModule(node);
  if (required !== undefined) return { module: required, name: 'default' };
  if (node.type === T.MemberExpression) {
    const name = propertyName(node);
    const of = importedAs(sourceCode, node.object);
    return of && name !== undefined && (of.name === 'default' || of.name === '*')
      ? { module: of.module, name }
      : undefined;
  }
  const variable = variableOf(sourceCode, node);
  const definition = variable?.defs[0];
  if (!definition) return undefined;
  if (definition.node.type === T.ImportSpecifier) {
    const { imported, parent } = definition.node;
    const module = 'source' in parent ? parent.source?.value : undefined;
    if (module === undefined) return undefined;
    return { module, name: imported.type === T.Identifier ? imported.name : imported.value };
  }
  if (definition.node.type === T.ImportDefaultSpecifier || definition.node.type === T.ImportNamespaceSpecifier) {
    return { module: definition.node.parent.source.value, name: 'default' };
  }
  if (definition.node.type !== T.VariableDeclarator || !definition.node.init) return undefined;
  const { id, init } = definition.node;
  if (id.type === T.Identifier) {
    const value = unwrap(init);
    const helper =
      value.type === T.CallExpression && value.arguments.length === 1 && requiredModule(value.arguments[0]);
    if (typeof helper === 'string') return { module: helper, name: 'default' }; // __importDefault(require('x'))
    return value.type === T.Identifier && value.name === id.name ? undefined : importedAs(sourceCode, value);
  }
  if (id.type !== T.ObjectPattern) return undefined;
  const of = importedAs(sourceCode, init);
  const property = id.properties.find((each) => each.type === T.Property && declares(each.value, node));
  const name = property?.type === T.Property ? keyName(property) : undefined;
  return of && name !== undefined ? { module: of.module, name } : undefined;
}

function declares(pattern: Node, node: Node): boolean {
  const target = pattern.type === T.AssignmentPattern ? pattern.left : pattern;
  return target.type === T.Identifier && node.type === T.Identifier && target.name === node.name;
}

function requiredModule(expression: Node): string | undefined {
  const node = unwrap(expression);
  if (node.type !== T.CallExpression || node.callee.type !== T.Identifier || node.callee.name !== 'require')
    return undefined;
  return stringValue(node.arguments[0]);
}

/** What `this` is in some code: a class, or a function that is used as one. */
export type Self = ClassNode | FunctionNode;

/** The class, or the constructor function, whose instance `this` is at a node. */
export function selfAt(sourceCode: SourceCode, node: Node): Self | undefined {
  for (let at: Node | undefined = node.parent; at; at = at.parent) {
    if (at.type === T.ClassBody) return at.parent;
    if (at.type === T.PropertyDefinition || at.type === T.StaticBlock) continue;
    if (isFunction(at) && at.type !== T.ArrowFunctionExpression) {
      if (at.parent.type === T.MethodDefinition) return at.parent.parent.parent;
      return constructorOf(sourceCode, at);
    }
  }
  return undefined;
}

/** The function whose instances run `method`: `F.prototype.m = function …`, or `method` itself where it is `F`. */
function constructorOf(sourceCode: SourceCode, method: FunctionNode): FunctionNode | undefined {
  const { parent } = method;
  if (parent.type === T.AssignmentExpression && parent.right === method && parent.left.type === T.MemberExpression) {
    const { object } = parent.left;
    if (object.type === T.MemberExpression && propertyName(object) === 'prototype')
      return functionOf(sourceCode, object.object);
    return undefined;
  }
  if (parent.type === T.Property) return undefined;
  return method;
}

/** The function that a name stands for: declared, or what a variable was set to. */
export function functionOf(sourceCode: SourceCode, node: Node): FunctionNode | undefined {
  const variable = variableOf(sourceCode, node);
  const definition = variable?.defs[0]?.node;
  if (isParameter(variable)) return undefined;
  if (isFunction(definition)) return definition;
  if (definition?.type !== T.VariableDeclarator || !definition.init) return undefined;
  let value = unwrap(definition.init);
  if (value.type === T.AssignmentExpression) value = unwrap(value.right); // var F = (exports.F = function …)
  return isFunction(value) ? value : undefined;
}

/** The class that an expression is an instance of, where it is `this` or a variable that was set to it. */
export function selfOf(sourceCode: SourceCode, expression: Node): Self | undefined {
  const node = unwrap(expression);
  if (node.type === T.ThisExpression) return selfAt(sourceCode, node);
  const init = initOf(variableOf(sourceCode, node));
  return init?.type === T.ThisExpression ? selfAt(sourceCode, init) : undefined;
}

/** The name of a class or of a function that is used as one. */
export function nameOfSelf(self: Self): string | undefined {
  if (self.type !== T.ArrowFunctionExpression && self.id) return self.id.name;
  const { parent } = self;
  if (parent.type === T.VariableDeclarator && parent.id.type === T.Identifier) return parent.id.name;
  if (parent.type !== T.AssignmentExpression) return undefined;
  return parent.left.type === T.Identifier ? parent.left.name : propertyName(parent.left);
}

/** What declares a variable or a field, for a fingerprint: the class whose field it is, else the module. */
export function scopeOf(sourceCode: SourceCode, expression: Node): string {
  const node = unwrap(expression);
  const self = node.type === T.MemberExpression ? selfOf(sourceCode, node.object) : undefined;
  return (self && nameOfSelf(self)) ?? 'module';
}
