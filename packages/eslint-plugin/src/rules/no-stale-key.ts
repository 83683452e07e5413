import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { scopeOf, variableOf } from '../code/bindings.ts';
import { indexOf, methodCallsIn } from '../code/file-index.ts';
import {
  enclosingFunction,
  isWithin,
  methodCall,
  propertyName,
  terminalName,
  unwrap,
  type FunctionNode,
  type MethodCall,
  type Node,
} from '../code/nodes.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'stale' | 'deleteFirst';
type SourceCode = Readonly<TSESLint.SourceCode>;

const SET = new Set(['set']);

/** `map.set(object.key, object)`. */
interface OwnKeySet {
  readonly call: TSESTree.CallExpression;
  readonly fn: FunctionNode | undefined;
  readonly map: Node;
  readonly mapText: string;
  readonly object: TSESTree.Identifier;
  readonly key: string;
}

/**
 * An object that is in a map under a key of its own gets a new key, and another entry under that, while the entry under
 * the former key stays: `session.id = newId(); sessions.set(session.id, session)`.
 */
export const noStaleKey: Rule<Messages> = createRule<[], Messages>({
  name: 'no-stale-key',
  meta: {
    type: 'problem',
    hasSuggestions: true,
    docs: {
      description: 'Disallow giving an object a new key in a map while the entry under its former key stays',
      preset: 'recommended',
    },
    messages: {
      stale:
        '{{object}} gets another entry in {{map}} under its new {{key}}: the one under the former {{key}} stays for ever. Delete that before the {{key}} changes. (leak {{fingerprint}})',
      deleteFirst: 'Delete the entry under the former {{key}} first.',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        const sets = methodCallsIn(sourceCode, SET).flatMap((call) => ownKeySet(sourceCode, call) ?? []);
        for (const set of sets) {
          const change = changeBefore(sourceCode, set);
          // Elsewhere the map takes such objects with the key they have: so this one is in it already, under that key.
          if (!change || !sets.some((other) => other !== set && isSameMap(other, set) && other.fn !== set.fn)) continue;
          if (isDeletedFrom(sourceCode, set)) continue;
          const { call, map, mapText, object, key } = set;
          const indent = ' '.repeat(change.loc.start.column);
          report(context, {
            node: call,
            messageId: 'stale',
            data: { object: object.name, key, map: mapText },
            leak: {
              scope: scopeOf(sourceCode, map),
              symbol: terminalName(map) ?? mapText,
              kind: 'collection',
            },
            suggest: [
              {
                messageId: 'deleteFirst',
                data: { key },
                fix: (fixer) => fixer.insertTextBefore(change, `${mapText}.delete(${object.name}.${key});\n${indent}`),
              },
            ],
          });
        }
      },
    };
  },
});

function ownKeySet(sourceCode: SourceCode, { call, object: map }: MethodCall): OwnKeySet | undefined {
  const [first, second] = call.arguments;
  if (call.arguments.length !== 2) return undefined;
  const [keyNode, object] = [unwrap(first), unwrap(second)];
  const key = propertyName(keyNode);
  if (keyNode.type !== T.MemberExpression || key === undefined || object.type !== T.Identifier) return undefined;
  const keyOf = unwrap(keyNode.object);
  if (keyOf.type !== T.Identifier || keyOf.name !== object.name) return undefined;
  return { call, fn: enclosingFunction(call), map, mapText: sourceCode.getText(map), object, key };
}

function isSameMap(one: OwnKeySet, other: OwnKeySet): boolean {
  return one.mapText === other.mapText && one.key === other.key;
}

/** The statement before `set`, in the same function, that gives the object another key; not for objects made there. */
function changeBefore(sourceCode: SourceCode, { call, fn, object, key }: OwnKeySet): Node | undefined {
  if (!fn || isMadeIn(fn, sourceCode, object)) return undefined;
  const change = indexOf(sourceCode).assignments.find(({ left, operator, range }) => {
    if (operator !== '=' || left.type !== T.MemberExpression || propertyName(left) !== key) return false;
    const of = unwrap(left.object);
    return of.type === T.Identifier && of.name === object.name && isWithin(left, fn) && range[1] < call.range[0];
  });
  return change?.parent.type === T.ExpressionStatement ? change.parent : undefined;
}

/** Whether the function itself makes the object: then there is no former key. What it reads with `get` was there before. */
function isMadeIn(fn: FunctionNode, sourceCode: SourceCode, object: TSESTree.Identifier): boolean {
  const node = variableOf(sourceCode, object)?.defs[0]?.node;
  if (node?.type !== T.VariableDeclarator || !isWithin(node, fn)) return false;
  return node.init === null || methodCall(node.init)?.method !== 'get';
}

function isDeletedFrom(sourceCode: SourceCode, { fn, mapText }: OwnKeySet): boolean {
  return indexOf(sourceCode).calls.some((call) => {
    const found = methodCall(call);
    if (found?.method !== 'delete' && found?.method !== 'clear') return false;
    return fn !== undefined && isWithin(call, fn) && sourceCode.getText(found.object) === mapText;
  });
}
