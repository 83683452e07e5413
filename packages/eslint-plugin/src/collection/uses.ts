/** What one piece of code does with a collection: adds, removes, asks for its size, only reads, or hands it over. */
import { AST_NODE_TYPES as T, type TSESTree } from '@typescript-eslint/utils';
import { propertyName, terminalName, unwrap, wrapped, type Node } from '../code/nodes.ts';

/** One use of a collection. */
export interface Use {
  readonly kind: 'add' | 'remove' | 'bound' | 'read' | 'escape';
  /** The whole expression: the call, the assignment. */
  readonly node: Node;
  /** For `add`: the key, where there is one. */
  readonly key?: Node | undefined;
  /** For `add`: what is put in. */
  readonly value?: Node | undefined;
}

const ADDERS = new Set(['set', 'add', 'push', 'unshift']);
const REMOVERS = new Set(['delete', 'clear', 'pop', 'shift', 'splice', 'fill', 'copyWithin']);
const READERS = new Set(
  [
    'get has forEach keys values entries map filter find findIndex findLast findLastIndex includes indexOf lastIndexOf',
    'join slice concat some every reduce reduceRight at flat flatMap sort reverse toString toSorted toReversed',
    'hasOwnProperty size length constructor union intersection difference isSubsetOf isSupersetOf isDisjointFrom',
  ].flatMap((line) => line.split(' ')),
);
/** Functions that look at what they are given and keep nothing of it. */
const LOOKERS = new Set(
  [
    'keys values entries isArray from stringify log error warn info debug getOwnPropertyNames getOwnPropertySymbols call',
    'hasOwn min max isEmpty inspect freeze Map Set Array String Number Boolean has',
  ].flatMap((line) => line.split(' ')),
);

/** Tells what is done at `reference`, an identifier or member expression that stands for the collection. */
export function useOf(reference: Node): Use {
  const node = wrapped(reference);
  const { parent } = node;
  switch (parent?.type) {
    case T.MemberExpression:
      return parent.object === node ? throughMember(parent) : { kind: 'read', node };
    case T.AssignmentExpression:
      if (parent.left === node) {
        // x ||= {}, x = x || {}: there if it was not.
        return parent.operator !== '=' || isFallback(parent.right)
          ? { kind: 'read', node }
          : { kind: 'remove', node: parent };
      }
      return { kind: 'escape', node: parent };
    case T.CallExpression:
    case T.NewExpression:
      if (parent.callee === node) return { kind: 'read', node };
      return { kind: LOOKERS.has(terminalName(parent.callee) ?? '') ? 'read' : 'escape', node: parent };
    case T.SpreadElement:
    case T.ForOfStatement:
    case T.ForInStatement:
    case T.UnaryExpression:
    case T.IfStatement:
    case T.WhileStatement:
    case T.TemplateLiteral:
    case T.ExpressionStatement:
    case T.TSTypeQuery:
      return { kind: 'read', node };
    case T.BinaryExpression:
      return { kind: 'read', node }; // key in collection; collection === other
    case T.ConditionalExpression:
      return { kind: parent.test === node ? 'read' : 'escape', node };
    case T.LogicalExpression:
      return { kind: parent.left === node && isFallback(parent) ? 'read' : 'escape', node };
    default:
      return { kind: 'escape', node };
  }
}

function isFallback(right: Node): boolean {
  const node = unwrap(right);
  return node.type === T.LogicalExpression && (node.operator === '||' || node.operator === '??');
}

function throughMember(member: TSESTree.MemberExpression): Use {
  const name = propertyName(member);
  const outer = wrapped(member);
  const { parent } = outer;
  if (name === 'size' || name === 'length') return sizeUse(outer, parent);
  if (parent?.type === T.CallExpression && parent.callee === outer && name !== undefined) {
    if (ADDERS.has(name)) return added(parent, name);
    if (REMOVERS.has(name)) return { kind: 'remove', node: parent };
    return { kind: READERS.has(name) ? 'read' : 'escape', node: parent };
  }
  if (parent?.type === T.UnaryExpression && parent.operator === 'delete') return { kind: 'remove', node: parent };
  if (parent?.type === T.AssignmentExpression && parent.left === outer) {
    if (!member.computed || name !== undefined) return { kind: 'read', node: parent }; // one fixed key
    const value = unwrap(parent.right);
    const isEmptied = (value.type === T.Literal && value.value === null) || terminalName(value) === 'undefined';
    return { kind: isEmptied ? 'remove' : 'add', node: parent, key: member.property, value: parent.right };
  }
  // map.delete handed over as a function: somebody removes.
  if (name !== undefined && REMOVERS.has(name)) return { kind: 'remove', node: outer };
  if (name !== undefined && ADDERS.has(name) && !member.computed) return { kind: 'escape', node: outer };
  return { kind: 'read', node: outer };
}

function added(call: TSESTree.CallExpression, method: string): Use {
  const [first, second] = call.arguments;
  return method === 'set'
    ? { kind: 'add', node: call, key: first, value: second }
    : { kind: 'add', node: call, value: first, ...(method === 'add' ? { key: first } : {}) };
}

/** `size > 500` is a bound that somebody looks after; `size === 0` and `i < length` are not; `length = 0` empties. */
function sizeUse(size: Node, parent: Node | undefined): Use {
  if (parent?.type === T.AssignmentExpression && parent.left === size) return { kind: 'remove', node: parent };
  if (parent?.type === T.UpdateExpression) return { kind: 'remove', node: parent };
  if (parent?.type !== T.BinaryExpression || !['<', '<=', '>', '>='].includes(parent.operator)) {
    return { kind: 'read', node: size };
  }
  const other = unwrap(parent.left === size ? parent.right : parent.left);
  const isEmptyCheck = other.type === T.Literal && (other.value === 0 || other.value === 1);
  const isLoop = parent.parent.type === T.ForStatement;
  return { kind: isEmptyCheck || isLoop ? 'read' : 'bound', node: parent };
}
