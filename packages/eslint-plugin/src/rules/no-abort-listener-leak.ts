import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { initOf, isImport, isParameter, variableOf } from '../code/bindings.ts';
import { runsOnce } from '../code/lifetime.ts';
import { rootOf, terminalName, unwrap, type Node } from '../code/nodes.ts';
import { typeNameOf } from '../code/types.ts';
import { endsBySignal, isRemoved, registrationsIn, removalsIn } from '../listener/registrations.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'stays';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** An `abort` listener on a signal that was handed in stays on it, with all that it captures, until the signal is collected. */
export const noAbortListenerLeak: Rule<Messages> = createRule<[], Messages>({
  name: 'no-abort-listener-leak',
  meta: {
    type: 'problem',
    docs: {
      description: "Disallow 'abort' listeners that stay on a signal after the work they belong to",
      preset: 'recommended',
    },
    messages: {
      stays:
        "This 'abort' listener stays on {{signal}} when the work is done, with all that it captures; one signal may serve the whole life of a process. Remove it in a finally block, or add it with {signal: …} of a controller that you abort when the work is done; {once: true} does not help. (leak {{fingerprint}})",
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        const removals = removalsIn(sourceCode);
        for (const registration of registrationsIn(sourceCode)) {
          if (registration.method !== 'addEventListener' || registration.event !== 'abort') continue;
          const { call, emitter } = registration;
          if (!isSignal(sourceCode, emitter) || !comesFromOutside(sourceCode, emitter)) continue;
          if (runsOnce(sourceCode, call) || isRemoved(registration, removals) || endsBySignal(registration)) continue;
          report(context, {
            node: call,
            messageId: 'stays',
            data: { signal: sourceCode.getText(emitter) },
            leak: { scope: 'module', symbol: 'abort', kind: 'listener' },
          });
        }
      },
    };
  },
});

function isSignal(sourceCode: SourceCode, emitter: Node): boolean {
  const type = typeNameOf(sourceCode, emitter);
  return type === undefined ? /signal$/iu.test(terminalName(emitter) ?? '') : type === 'AbortSignal';
}

/** Not from a controller that this very function makes: such a signal goes with the work. */
function comesFromOutside(sourceCode: SourceCode, emitter: Node): boolean {
  const root = rootOf(emitter);
  if (root.type !== T.Identifier) return root.type === T.ThisExpression;
  const variable = variableOf(sourceCode, root);
  const definition = variable?.defs[0];
  if (definition && isParameter(variable)) return isParameterOfWork(definition.node);
  const node = definition?.node;
  if (node?.type !== T.VariableDeclarator || !node.init) return isImport(variable);
  if (runsOnce(sourceCode, node)) return true;
  // const {signal} = options; const signal = this.options.signal
  const init = unwrap(node.init);
  if (node.id.type === T.ObjectPattern || init.type === T.MemberExpression) {
    const from = rootOf(init);
    return (
      from.type === T.ThisExpression ||
      (from.type === T.Identifier && from.name !== root.name && isGiven(sourceCode, from))
    );
  }
  return false;
}

function isGiven(sourceCode: SourceCode, identifier: Node): boolean {
  const variable = variableOf(sourceCode, identifier);
  const definition = variable?.defs[0];
  if (definition && isParameter(variable)) return isParameterOfWork(definition.node);
  const init = initOf(variable);
  return init !== undefined && runsOnce(sourceCode, init);
}

/** The parameter of a callback (`({signal}) => …`) is what the caller makes for this very call, more often than not. */
function isParameterOfWork(fn: Node): boolean {
  return fn.parent?.type !== T.CallExpression || fn.parent.callee === fn;
}
