/** All nodes of a file by type, collected in one pass for all rules. */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { keyName, methodCall, propertyName, type FunctionNode, type MethodCall, type Node } from './nodes.ts';

/** What rules look through. */
export interface FileIndex {
  readonly calls: TSESTree.CallExpression[];
  readonly news: TSESTree.NewExpression[];
  readonly functions: FunctionNode[];
  readonly assignments: TSESTree.AssignmentExpression[];
  readonly updates: TSESTree.UpdateExpression[];
  readonly fields: TSESTree.PropertyDefinition[];
  /** Accesses to a property that is named in the code, by its name; patterns that take it out of an object as well. */
  readonly byProperty: ReadonlyMap<string, (TSESTree.MemberExpression | TSESTree.Property)[]>;
}

const indexes = new WeakMap<object, FileIndex>();

/** The index of a file; made at the first question, kept as long as ESLint keeps the file. */
export function indexOf(sourceCode: Readonly<TSESLint.SourceCode>): FileIndex {
  const known = indexes.get(sourceCode.ast);
  if (known) return known;
  const byProperty = new Map<string, (TSESTree.MemberExpression | TSESTree.Property)[]>();
  const index: FileIndex = { calls: [], news: [], functions: [], assignments: [], updates: [], fields: [], byProperty };
  const named = (name: string | undefined, node: TSESTree.MemberExpression | TSESTree.Property): void => {
    if (name === undefined) return;
    const list = byProperty.get(name);
    if (list) list.push(node);
    else byProperty.set(name, [node]);
  };
  const visit = (node: Node): void => {
    switch (node.type) {
      case T.CallExpression:
        index.calls.push(node);
        break;
      case T.NewExpression:
        index.news.push(node);
        break;
      case T.FunctionDeclaration:
      case T.FunctionExpression:
      case T.ArrowFunctionExpression:
        index.functions.push(node);
        break;
      case T.AssignmentExpression:
        index.assignments.push(node);
        break;
      case T.UpdateExpression:
        index.updates.push(node);
        break;
      case T.PropertyDefinition:
        index.fields.push(node);
        break;
      case T.MemberExpression:
        named(propertyName(node), node);
        break;
      case T.Property:
        if (node.parent.type === T.ObjectPattern) named(keyName(node), node);
        break;
      default:
    }
    for (const key of sourceCode.visitorKeys[node.type] ?? []) {
      const child = (node as unknown as Record<string, unknown>)[key];
      if (Array.isArray(child)) {
        for (const each of child) if (isNode(each)) visit(each);
      } else if (isNode(child)) {
        visit(child);
      }
    }
  };
  visit(sourceCode.ast);
  indexes.set(sourceCode.ast, index);
  return index;
}

/** The calls of these methods in a file, in the order of the code. */
export function methodCallsIn(sourceCode: Readonly<TSESLint.SourceCode>, methods: ReadonlySet<string>): MethodCall[] {
  return indexOf(sourceCode).calls.flatMap((call) => {
    const found = methodCall(call);
    // In `a?.b()!` an outer node unwraps to the same call: each is told once.
    return found?.call === call && methods.has(found.method) ? [found] : [];
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
