import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { functionOf, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { enclosingFunction, isWithin, methodCall, terminalName, type FunctionNode, type Node } from '../code/nodes.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'chain';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** A function that resolves its promise with its own next call holds one promise more with each round. */
export const noRecursivePromiseChain: Rule<Messages> = createRule<[], Messages>({
  name: 'no-recursive-promise-chain',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow endless loops by a promise that is resolved with the next call of the same function',
      preset: 'recommended',
    },
    messages: {
      chain:
        'Each round of {{name}} waits for the next, so all their promises stay until the last is done, which may be never. Write a loop (for (;;) { await … }), or settle one outer promise from inside. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        for (const call of indexOf(sourceCode).calls) {
          const fn = recursionOf(sourceCode, call);
          if (!fn || !isReturned(call, fn) || comesToAnEnd(sourceCode, fn)) continue;
          const name = terminalName(call.callee) ?? '';
          report(context, {
            node: call,
            messageId: 'chain',
            data: { name },
            leak: { scope: 'module', symbol: name, kind: 'promise' },
          });
        }
      },
    };
  },
});

/** The function around a call that the call calls again, with nothing new: no arguments, or its own parameters as they are. */
function recursionOf(sourceCode: SourceCode, call: TSESTree.CallExpression): FunctionNode | undefined {
  if (call.callee.type !== T.Identifier) return undefined;
  const init = functionOf(sourceCode, call.callee);
  if (!init || !isWithin(call, init) || call.arguments.length > init.params.length) return undefined;
  const isSame = call.arguments.every((argument, at) => {
    const parameter = init.params[at];
    return argument.type === T.Identifier && parameter.type === T.Identifier && parameter.name === argument.name;
  });
  return isSame ? init : undefined;
}

/** Whether the next call's promise becomes this one's: returned by an async function, or by a `then` that is returned. */
function isReturned(call: Node, fn: FunctionNode): boolean {
  const inner = enclosingFunction(call);
  if (!inner || !isResultOf(call, inner)) return false;
  if (inner === fn) return fn.async;
  const then = inner.parent.type === T.CallExpression ? inner.parent : undefined;
  const method = methodCall(then)?.method;
  if (!then || (method !== 'then' && method !== 'catch' && method !== 'finally')) return false;
  const chain = chainAround(then);
  const around = enclosingFunction(chain);
  if (around === undefined || !isResultOf(chain, around)) return false;
  return around === fn || isReturned(chain, fn);
}

/** The whole of `a.then(…).catch(…)` around one of its calls. */
function chainAround(call: TSESTree.CallExpression): Node {
  let at: Node = call;
  while (
    at.parent?.type === T.MemberExpression &&
    at.parent.object === at &&
    at.parent.parent.type === T.CallExpression
  ) {
    at = at.parent.parent;
  }
  return at;
}

/** Whether a function returns the expression: `return x`, `return c ? x : y`, `() => x`. */
function isResultOf(expression: Node, fn: FunctionNode): boolean {
  let at = expression;
  for (;;) {
    const { parent } = at;
    if (parent?.type === T.ReturnStatement) return enclosingFunction(parent) === fn;
    if (parent === fn) return fn.body === at;
    if (parent?.type === T.ConditionalExpression && parent.test !== at) at = parent;
    else if (parent?.type === T.AwaitExpression) at = parent;
    else return false;
  }
}

const TAKERS = new Set(['shift', 'pop', 'splice']);

/** Whether the function counts, takes from a list, or sets what it will look at next: then the rounds have an end. */
function comesToAnEnd(sourceCode: SourceCode, fn: FunctionNode): boolean {
  const { calls, assignments, updates } = indexOf(sourceCode);
  return (
    calls.some((call) => isWithin(call, fn) && TAKERS.has(methodCall(call)?.method ?? '')) ||
    updates.some((update) => isWithin(update, fn)) ||
    assignments.some((assignment) => isWithin(assignment, fn) && !isLocal(sourceCode, assignment.left, fn))
  );
}

function isLocal(sourceCode: SourceCode, target: Node, fn: FunctionNode): boolean {
  const declared = variableOf(sourceCode, target)?.defs[0]?.node as Node | undefined;
  return declared !== undefined && isWithin(declared, fn) && declared !== fn;
}
