import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { importedAs, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { runsOnce } from '../code/lifetime.ts';
import { propertyName, terminalName, unwrap, type Node } from '../code/nodes.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'parent' | 'cache';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** Node lists every module in the `children` of the one that loaded it; what is evaluated again and again stays there. */
export const noModuleChildrenLeak: Rule<Messages> = createRule<[], Messages>({
  name: 'no-module-children-leak',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow modules that are made or loaded again and again and stay in the children of another',
      preset: 'recommended',
    },
    messages: {
      parent:
        'new Module(…, {{parent}}) puts the module into {{parent}}.children, where it stays with all that it exports, once for each call. Make it without a parent, or take it out of {{parent}}.children afterwards. (leak {{fingerprint}})',
      cache:
        'A module that is taken out of require.cache stays in the children of the module that loaded it, with all that it exports; loaded again, there are two. Take it out of module.children, too, or run such code in a worker. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        const { news, byProperty } = indexOf(sourceCode);
        if (byProperty.has('children')) return; // it knows of them
        for (const made of news) {
          const parent = made.arguments[1];
          if (parent === undefined || !isModuleClass(sourceCode, made) || !isModule(sourceCode, parent)) continue;
          if (runsOnce(sourceCode, made)) continue;
          const name = sourceCode.getText(parent);
          report(context, {
            node: made,
            messageId: 'parent',
            data: { parent: name },
            leak: { scope: 'Module', symbol: 'children', kind: 'module' },
          });
        }
        for (const access of byProperty.get('cache') ?? []) {
          const deletion = access.type === T.MemberExpression ? deletionFrom(access) : undefined;
          if (!deletion || terminalName((access as TSESTree.MemberExpression).object) !== 'require') continue;
          if (runsOnce(sourceCode, deletion) || !isLoadedAgain(sourceCode)) continue;
          report(context, {
            node: deletion,
            messageId: 'cache',
            leak: { scope: 'Module', symbol: 'children', kind: 'module' },
          });
        }
      },
    };
  },
});

function isModuleClass(sourceCode: SourceCode, made: TSESTree.NewExpression): boolean {
  const from = importedAs(sourceCode, made.callee);
  return (
    (from?.module === 'module' || from?.module === 'node:module') && (from.name === 'default' || from.name === 'Module')
  );
}

/** `module`, `module.parent`, `require.main`, or a variable that is one of them. */
function isModule(sourceCode: SourceCode, expression: Node): boolean {
  const node = unwrap(expression);
  if (node.type === T.MemberExpression) {
    const name = propertyName(node);
    const of = terminalName(node.object);
    return (of === 'module' && name === 'parent') || (of === 'require' && name === 'main');
  }
  if (node.type !== T.Identifier) return false;
  const variable = variableOf(sourceCode, node);
  if (!variable || variable.defs.length === 0) return node.name === 'module';
  const definition = variable.defs[0].node;
  return definition.type === T.VariableDeclarator && definition.init !== null && isModule(sourceCode, definition.init);
}

/** `delete require.cache[key]`. */
function deletionFrom(cache: TSESTree.MemberExpression): Node | undefined {
  const { parent } = cache;
  if (parent.type !== T.MemberExpression || parent.object !== cache) return undefined;
  return parent.parent.type === T.UnaryExpression && parent.parent.operator === 'delete' ? parent.parent : undefined;
}

/** Whether the file loads what a variable names: `require(path)`. */
function isLoadedAgain(sourceCode: SourceCode): boolean {
  return indexOf(sourceCode).calls.some(
    ({ callee, arguments: [path] }) =>
      callee.type === T.Identifier && callee.name === 'require' && path !== undefined && path.type !== T.Literal,
  );
}
