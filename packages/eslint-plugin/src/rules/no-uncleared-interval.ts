import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { isGlobal, nameOfSelf, variableOf } from '../code/bindings.ts';
import { capturesSelf, constructorAround } from '../code/constructors.ts';
import { indexOf } from '../code/file-index.ts';
import { requestFunction, runsOnce } from '../code/lifetime.ts';
import { methodCall, propertyName, terminalName, wrapped, type Node } from '../code/nodes.ts';
import { OF_TIMERS } from '../identity/fingerprint.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'instance' | 'request';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** Intervals that an instance or a request starts and that nobody can clear: what they capture stays with the process. */
export const noUnclearedInterval: Rule<Messages> = createRule<[], Messages>({
  name: 'no-uncleared-interval',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow intervals that a constructor or a request handler starts and nothing can clear',
      preset: 'recommended',
    },
    messages: {
      instance:
        'Nothing can clear this interval, so no {{name}} is ever collected, with all that it holds; unref() only lets the process end. Keep the timer in a field, and clear it in a method that ends the instance. (leak {{fingerprint}})',
      request:
        'Each request starts an interval that nothing clears, and stays with it. Clear it when the request is done, or start one outside of the handler. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        for (const call of indexOf(sourceCode).calls) {
          if (!isSetInterval(sourceCode, call) || runsOnce(sourceCode, call) || canBeCleared(sourceCode, call))
            continue;
          const [callback] = call.arguments;
          const self = constructorAround(sourceCode, call);
          if (self && callback !== undefined && capturesSelf(sourceCode, callback, self)) {
            const name = nameOfSelf(self) ?? 'instance';
            report(context, {
              node: call,
              messageId: 'instance',
              data: { name },
              leak: OF_TIMERS,
            });
          } else if (!self && requestFunction(call)) {
            report(context, { node: call, messageId: 'request', leak: OF_TIMERS });
          }
        }
      },
    };
  },
});

function isSetInterval(sourceCode: SourceCode, { callee }: TSESTree.CallExpression): boolean {
  if (isGlobal(sourceCode, callee, 'setInterval')) return true;
  return (
    callee.type === T.MemberExpression &&
    propertyName(callee) === 'setInterval' &&
    (terminalName(callee.object) === 'globalThis' || terminalName(callee.object) === 'global')
  );
}

/** Whether the timer gets out of the expression, to where somebody could clear it. */
function canBeCleared(sourceCode: SourceCode, call: Node): boolean {
  const node = wrapped(call);
  const { parent } = node;
  if (parent?.type === T.ExpressionStatement) return false;
  if (parent?.type === T.MemberExpression) {
    // setInterval(…).unref(): the same timer again.
    const name = propertyName(parent);
    const outer = parent.parent;
    return name === 'unref' && outer.type === T.CallExpression ? canBeCleared(sourceCode, outer) : true;
  }
  if (parent?.type !== T.VariableDeclarator || parent.id.type !== T.Identifier) return true;
  const variable = variableOf(sourceCode, parent.id);
  return (
    variable === undefined ||
    variable.references.some(({ identifier, init }) => {
      if (init === true) return false;
      const use = wrapped(identifier);
      const method = methodCall(use.parent?.parent)?.method ?? propertyName(use.parent);
      if (use.parent?.type === T.MemberExpression) return method !== 'unref' && method !== 'ref' && method !== 'hasRef';
      return use.parent?.type !== T.IfStatement && use.parent?.type !== T.LogicalExpression;
    })
  );
}
