import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { importedAs, initOf, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { keyName, unwrap, type Node } from '../code/nodes.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'defaultStore' | 'memoryStore';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** Modules whose sessions live in the process, without an end, unless `store` is given; and which argument has the options. */
const SESSION_MODULES: ReadonlyMap<string, 'call' | 'register'> = new Map([
  ['express-session', 'call'],
  ['@fastify/session', 'register'],
  ['fastify-session', 'register'],
]);

/** Session stores in memory are made for development: express-session's own documentation says that it leaks. */
export const noMemorySessionStore: Rule<Messages> = createRule<[], Messages>({
  name: 'no-memory-session-store',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow session middleware that keeps sessions in the memory of the process',
      preset: 'recommended',
    },
    messages: {
      defaultStore:
        'Without a store, {{module}} keeps every session in the memory of this process, those that nobody will ask for again too. Give it a store that expires them (Redis, a database, memorystore with checkPeriod). (leak {{fingerprint}})',
      memoryStore:
        'MemoryStore of {{module}} keeps every session in the memory of this process; its authors say that it leaks and is for development. Use a store that expires them. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    const found = (node: Node, messageId: Messages, module: string): void =>
      report(context, {
        node,
        messageId,
        data: { module },
        // The store is the package's, and so is the leak.
        leak: { scope: 'MemoryStore', symbol: 'sessions', kind: 'collection', file: `/node_modules/${module}/` },
      });
    return {
      'Program:exit'(): void {
        const { calls, news } = indexOf(sourceCode);
        for (const call of calls) {
          const callee = importedAs(sourceCode, call.callee);
          if (callee?.name === 'default' && SESSION_MODULES.get(callee.module) === 'call') {
            if (hasNoStore(sourceCode, call.arguments[0])) found(call, 'defaultStore', callee.module);
            continue;
          }
          // app.register(fastifySession, { secret })
          const [first, second] = call.arguments;
          const plugin = first && importedAs(sourceCode, first);
          if (plugin?.name === 'default' && SESSION_MODULES.get(plugin.module) === 'register') {
            if (hasNoStore(sourceCode, second)) found(call, 'defaultStore', plugin.module);
          }
        }
        for (const made of news) {
          const from = importedAs(sourceCode, made.callee);
          if (from?.name === 'MemoryStore' && SESSION_MODULES.has(from.module)) found(made, 'memoryStore', from.module);
        }
      },
    };
  },
});

/** Whether the options are written in the file and have no store; what cannot be seen is taken to have one. */
function hasNoStore(sourceCode: SourceCode, options: TSESTree.CallExpressionArgument | undefined): boolean {
  if (options === undefined) return true;
  let node: Node = unwrap(options);
  if (node.type === T.Identifier) {
    const variable = variableOf(sourceCode, node);
    const init = initOf(variable);
    // options.store = … further down
    if (!init || variable?.references.some(({ identifier }) => identifier.parent.type === T.MemberExpression))
      return false;
    node = unwrap(init);
  }
  if (node.type !== T.ObjectExpression) return false;
  return node.properties.every(
    (property) => property.type === T.Property && !property.computed && keyName(property) !== 'store',
  );
}
