/**
 * The long-lived collections of a file: variables of the module, properties of its objects, static members, and fields
 * of classes; each with everything that the file does with it.
 */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { indexOf } from '../code/file-index.ts';
import {
  initOf,
  isGlobal,
  nameOfSelf,
  selfAt,
  selfOf,
  variableOf,
  type Self,
  type Variable,
} from '../code/bindings.ts';
import { runsOnce } from '../code/lifetime.ts';
import { isFunction, keyName, propertyName, unwrap, type Node } from '../code/nodes.ts';
import { isExported } from './exported.ts';
import { isSingleton } from './singleton.ts';
import { useOf, type Use } from './uses.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** What is made to hold things. */
export type Container = 'Map' | 'Set' | 'Array' | 'Object';

/** A collection that outlives the code that adds to it. */
export interface Holder {
  readonly name: string;
  readonly container: Container;
  /** Where it is made. */
  readonly node: Node;
  /** The class that has it, or 'module'. */
  readonly scope: string;
  /** `program`: as long as the process; `instance`: as long as an instance of an exported class, which nobody here knows. */
  readonly lifetime: 'program' | 'instance';
  readonly uses: readonly Use[];
}

const found = new WeakMap<object, readonly Holder[]>();

/** All long-lived collections of a file; computed once for all rules. */
export function holdersOf(sourceCode: SourceCode): readonly Holder[] {
  const known = found.get(sourceCode.ast);
  if (known) return known;
  const holders = [...variableHolders(sourceCode), ...memberHolders(sourceCode)];
  found.set(sourceCode.ast, holders);
  return holders;
}

/** What an expression makes, if it is an empty collection that can grow. */
function containerOf(sourceCode: SourceCode, expression: Node): Container | undefined {
  let node = unwrap(expression);
  if (node.type === T.LogicalExpression) node = unwrap(node.right); // x = x || {}
  if (node.type === T.ArrayExpression) return node.elements.length === 0 ? 'Array' : undefined;
  if (node.type === T.ObjectExpression) return node.properties.length === 0 ? 'Object' : undefined;
  if (node.type === T.CallExpression) {
    const { callee, arguments: args } = node;
    const isBare = propertyName(callee) === 'create' && args[0]?.type === T.Literal && args[0].value === null;
    return isBare ? 'Object' : undefined;
  }
  if (node.type !== T.NewExpression) return undefined;
  for (const name of ['Map', 'Set', 'Array'] as const) {
    if (isGlobal(sourceCode, node.callee, name) && (name !== 'Array' || node.arguments.length === 0)) return name;
  }
  return undefined;
}

function variableHolders(sourceCode: SourceCode): Holder[] {
  const holders: Holder[] = [];
  for (const variable of variablesOf(sourceCode)) {
    const definition = variable.defs[0]?.node;
    if (variable.defs.length !== 1 || definition.type !== T.VariableDeclarator || !definition.init) continue;
    if (definition.id.type !== T.Identifier || !runsOnce(sourceCode, definition)) continue;
    const container = containerOf(sourceCode, definition.init);
    if (container === undefined) continue;
    const uses = variable.references
      .filter((reference) => reference.init !== true)
      .map(({ identifier }) => useOf(identifier as Node));
    if (isExported(sourceCode, variable)) uses.push({ kind: 'escape', node: definition });
    holders.push({ name: variable.name, container, node: definition, scope: 'module', lifetime: 'program', uses });
  }
  return holders;
}

function variablesOf(sourceCode: SourceCode): Variable[] {
  return (sourceCode.scopeManager?.scopes ?? []).flatMap((scope) => scope.variables);
}

/** Where a member is first set: in a class body, in a constructor, on an object of the module. */
interface MemberStart {
  name: string;
  value: Node;
  node: Node;
  owner: Self | Variable;
}

function memberHolders(sourceCode: SourceCode): Holder[] {
  const starts = [...fieldStarts(sourceCode), ...assignmentStarts(sourceCode), ...literalStarts(sourceCode)];
  const holders: Holder[] = [];
  const { byProperty } = indexOf(sourceCode);
  for (const { name, value, node, owner } of starts) {
    const container = containerOf(sourceCode, value);
    if (container === undefined) continue;
    const lifetime = lifetimeOf(sourceCode, node, owner);
    if (lifetime === undefined) continue;
    // A property of this name on any object may be this one: what removes from it speaks for this collection, too.
    const uses = (byProperty.get(name) ?? [])
      .filter((access) => !isStart(access, node))
      .map((access) => (access.type === T.Property ? ({ kind: 'escape', node: access } as const) : useOf(access)));
    if ('references' in owner && escapes(sourceCode, owner)) uses.push({ kind: 'escape', node });
    const scope = 'references' in owner ? 'module' : (nameOfSelf(owner) ?? 'module');
    holders.push({ name, container, node, scope, lifetime, uses });
  }
  return holders;
}

function isStart(access: Node, start: Node): boolean {
  return start.type === T.AssignmentExpression && access === start.left;
}

function* fieldStarts(sourceCode: SourceCode): Generator<MemberStart> {
  for (const field of indexOf(sourceCode).fields) {
    const name = keyName(field);
    if (name !== undefined && field.value) yield { name, value: field.value, node: field, owner: field.parent.parent };
  }
}

/** `this.x = new Map()` in a constructor; `registry.x = {}` beside the module's own object `registry`. */
function* assignmentStarts(sourceCode: SourceCode): Generator<MemberStart> {
  for (const assignment of indexOf(sourceCode).assignments) {
    const { left, right } = assignment;
    const name = propertyName(left);
    if (left.type !== T.MemberExpression || name === undefined || assignment.operator !== '=') continue;
    const self = selfOf(sourceCode, left.object);
    if (self) {
      if (isInConstructor(sourceCode, assignment, self)) yield { name, value: right, node: assignment, owner: self };
      continue;
    }
    const variable = variableOf(sourceCode, left.object);
    if (variable && variable.defs.length === 1 && runsOnce(sourceCode, assignment)) {
      yield { name, value: right, node: assignment, owner: variable };
    }
  }
}

/** `const state = { sessions: new Map() }` in the module. */
function* literalStarts(sourceCode: SourceCode): Generator<MemberStart> {
  for (const variable of variablesOf(sourceCode)) {
    const init = initOf(variable);
    const value = init && unwrap(init);
    if (value?.type !== T.ObjectExpression || !runsOnce(sourceCode, value)) continue;
    for (const property of value.properties) {
      const name = property.type === T.Property ? keyName(property) : undefined;
      if (property.type === T.Property && name !== undefined) {
        yield { name, value: property.value, node: property, owner: variable };
      }
    }
  }
}

function isInConstructor(sourceCode: SourceCode, node: Node, self: Self): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (!isFunction(at)) continue;
    if (at.parent.type === T.MethodDefinition) return at.parent.kind === 'constructor';
    return at === self && selfAt(sourceCode, node) === self;
  }
  return false;
}

function lifetimeOf(sourceCode: SourceCode, node: Node, owner: Self | Variable): Holder['lifetime'] | undefined {
  if ('references' in owner) return 'program';
  if (node.type === T.PropertyDefinition && node.static) return runsOnce(sourceCode, owner) ? 'program' : undefined;
  if (!runsOnce(sourceCode, owner)) return undefined;
  if (isSingleton(sourceCode, owner)) return 'program';
  return isExported(sourceCode, owner) ? 'instance' : undefined;
}

/** Whether an object of the module is known elsewhere, or handed over whole, so that others may take out of it. */
function escapes(sourceCode: SourceCode, variable: Variable): boolean {
  if (isExported(sourceCode, variable)) return true;
  return variable.references.some(({ identifier, init }) => {
    if (init === true) return false;
    const { parent } = identifier as TSESTree.Identifier;
    return parent.type !== T.MemberExpression || parent.object !== identifier;
  });
}
