import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { initOf, isGlobal, scopeOf, selfOf, variableOf } from '../code/bindings.ts';
import { indexOf, methodCallsIn } from '../code/file-index.ts';
import { runsOnce } from '../code/lifetime.ts';
import {
  isFunction,
  isWithin,
  keyName,
  methodCall,
  propertyName,
  terminalName,
  unwrap,
  type Node,
} from '../code/nodes.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'race';
type SourceCode = Readonly<TSESLint.SourceCode>;

const FIRST_OF = new Set(['race', 'any']);

/** `Promise.race` leaves a reaction on every promise it is given: on one that lives long they pile up. */
export const noRaceWithLongLivedPromise: Rule<Messages> = createRule<[], Messages>({
  name: 'no-race-with-long-lived-promise',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow Promise.race and Promise.any against a promise that outlives the race',
      preset: 'recommended',
    },
    messages: {
      race: 'Promise.{{method}} leaves a reaction on {{promise}} each time, with the result of the race, until {{promise}} settles. Make a promise for each race, and take it off the source when the race is over (an event listener, an AbortSignal), or keep the resolvers of running races in a Set. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        for (const { call, object, method } of methodCallsIn(sourceCode, FIRST_OF)) {
          const [list] = call.arguments;
          if (!isGlobal(sourceCode, object, 'Promise') || list?.type !== T.ArrayExpression) continue;
          if (runsOnce(sourceCode, call)) continue;
          const promise = list.elements.find((element) => element !== null && isLongLived(sourceCode, element));
          if (!promise) continue;
          report(context, {
            node: call,
            messageId: 'race',
            data: { method, promise: sourceCode.getText(promise) },
            leak: {
              scope: scopeOf(sourceCode, promise),
              symbol: terminalName(promise) ?? '',
              kind: 'promise',
            },
          });
        }
      },
    };
  },
});

function isLongLived(sourceCode: SourceCode, element: Node): boolean {
  const node = unwrap(element);
  if (node.type === T.Identifier) {
    const variable = variableOf(sourceCode, node);
    const init = initOf(variable);
    if (init) return runsOnce(sourceCode, init) && isPending(sourceCode, init);
    // const { promise: stopped, resolve: stop } = Promise.withResolvers()
    const definition = variable?.defs[0]?.node;
    return (
      definition?.type === T.VariableDeclarator &&
      definition.init !== null &&
      methodCall(definition.init)?.method === 'withResolvers' &&
      runsOnce(sourceCode, definition)
    );
  }
  const name = propertyName(node);
  const self = node.type === T.MemberExpression ? selfOf(sourceCode, node.object) : undefined;
  if (!self || name === undefined) return false;
  return isFieldOfOnePromise(sourceCode, name, self);
}

/** A promise that waits for something outside: made by an executor, or by `once`. A resolved one holds nothing. */
function isPending(sourceCode: SourceCode, expression: Node): boolean {
  const node = unwrap(expression);
  if (node.type === T.NewExpression) return isGlobal(sourceCode, node.callee, 'Promise');
  if (node.type !== T.CallExpression) return false;
  const target = methodCall(node);
  return (
    terminalName(node.callee) === 'once' ||
    (target !== undefined && target.method === 'then' && isPending(sourceCode, target.object))
  );
}

/** A field that is set to a pending promise where the instance is made, and never again. */
function isFieldOfOnePromise(sourceCode: SourceCode, name: string, self: Node): boolean {
  const { fields, assignments } = indexOf(sourceCode);
  const own = fields.filter((field) => keyName(field) === name && isWithin(field, self) && field.value);
  const set = assignments.filter(({ left }) => propertyName(left) === name);
  if (own.length + set.length !== 1) return false;
  const [field] = own;
  if (field?.value) return isPending(sourceCode, field.value);
  return isPending(sourceCode, set[0].right) && isInConstructor(set[0]);
}

function isInConstructor(node: Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (isFunction(at)) return at.parent.type === T.MethodDefinition && at.parent.kind === 'constructor';
  }
  return false;
}
