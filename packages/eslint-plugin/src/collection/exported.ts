/** What other files can get hold of. */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { isParameter, variableOf, type Self, type Variable } from '../code/bindings.ts';
import { propertyName, rootOf, wrapped, type Node } from '../code/nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Whether a variable, or a class, is exported: by `export`, by `module.exports` or `exports`, or by what it is put in. */
export function isExported(sourceCode: SourceCode, thing: Variable | Self): boolean {
  if (!('references' in thing)) return isExportedNode(sourceCode, thing);
  return (
    thing.defs.some(({ node }) => isExportDeclaration(node) || isExportDeclaration((node as Node).parent)) ||
    thing.references.some(({ identifier }) => isExportUse(sourceCode, identifier as TSESTree.Identifier))
  );
}

function isExportDeclaration(node: Node | undefined): boolean {
  return node?.parent?.type === T.ExportNamedDeclaration || node?.parent?.type === T.ExportDefaultDeclaration;
}

function isExportedNode(sourceCode: SourceCode, node: Self): boolean {
  if (isExportDeclaration(node)) return true;
  const { parent } = node;
  if (parent.type === T.AssignmentExpression && isExportsMember(sourceCode, parent.left)) return true;
  const variables =
    sourceCode.getDeclaredVariables?.(
      node.type === T.ClassDeclaration || node.type === T.FunctionDeclaration ? node : parent,
    ) ?? [];
  return variables.some((variable) => isExported(sourceCode, variable));
}

function isExportUse(sourceCode: SourceCode, identifier: TSESTree.Identifier): boolean {
  const node = wrapped(identifier);
  const { parent } = node;
  switch (parent?.type) {
    case T.ExportSpecifier:
    case T.ExportDefaultDeclaration:
      return true;
    case T.AssignmentExpression:
      return parent.right === node && isExportsMember(sourceCode, parent.left);
    case T.Property:
      return (
        parent.value === node &&
        parent.parent.parent.type === T.AssignmentExpression &&
        isExportsMember(sourceCode, parent.parent.parent.left)
      );
    default:
      return false;
  }
}

/** `module.exports`, `exports.x`, `module.exports.x`, and `this`-less chains of them. */
function isExportsMember(sourceCode: SourceCode, left: Node): boolean {
  if (left.type !== T.MemberExpression) return false;
  const root = rootOf(left);
  if (root.type !== T.Identifier) return false;
  const isDeclared = (variableOf(sourceCode, root)?.defs.length ?? 0) > 0;
  if (root.name === 'exports') return !isDeclared || isParameter(variableOf(sourceCode, root));
  if (root.name !== 'module' || isDeclared) return false;
  let member: TSESTree.MemberExpression = left;
  while (member.object.type === T.MemberExpression) member = member.object;
  return propertyName(member) === 'exports';
}
