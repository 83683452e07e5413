/** Which function a line of code stands in: by a parser, as indentation is nobody's promise. */
import * as parser from '@typescript-eslint/parser';

/** A function's first and last line, from 1. */
export interface FunctionLines {
  readonly from: number;
  readonly to: number;
  /** Null for one without a name. */
  readonly name: string | null;
}

interface Node {
  readonly type: string;
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly [key: string]: unknown;
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
/** What gives a function its name, and belongs to it. */
const naming = new Set(['MethodDefinition', 'Property', 'PropertyDefinition', 'VariableDeclarator']);

/** The innermost named function that a line is in, else the innermost; null where it is in none, or the text is no code. */
export function enclosingFunction(text: string, file: string, line: number): FunctionLines | null {
  let tree: Node;
  try {
    tree = parser.parse(text, {
      loc: true,
      ecmaFeatures: { jsx: /x$/u.test(file) },
      filePath: file,
    }) as unknown as Node;
  } catch {
    return null;
  }
  const around: FunctionLines[] = [];
  visit(tree, null, line, around);
  return around.findLast(({ name }) => name !== null) ?? around.at(-1) ?? null;
}

function visit(node: Node, parent: Node | null, line: number, around: FunctionLines[]): void {
  const { start, end } = node.loc;
  if (line < start.line || line > end.line) return;
  if (functions.has(node.type)) {
    const named = parent !== null && naming.has(parent.type) ? parent : node;
    const id = (named['id'] ?? named['key']) as { name?: unknown; value?: unknown } | null | undefined;
    const name = id?.name ?? id?.value;
    around.push({ from: named.loc.start.line, to: node.loc.end.line, name: typeof name === 'string' ? name : null });
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'parent' || key === 'loc' || key === 'tokens' || key === 'comments') continue;
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value])
      if (isNode(child)) visit(child, node, line, around);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'loc' in value;
}
