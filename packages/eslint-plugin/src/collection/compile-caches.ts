/**
 * Caches that libraries keep of what they compile, for as long as the process lives: Ajv by the schema object, Mustache
 * and Hogan by the whole text of the template. A schema or a text that each request makes anew is one more entry.
 */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { behind, importedAs, initOf, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { isOfRequest, mentionsRequest, requestFunction, runsOnce } from '../code/lifetime.ts';
import { keyName, methodCall, propertyName, rootOf, terminalName, unwrap, wrapped, type Node } from '../code/nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** A call that puts one more entry into such a cache with each request. */
export interface Compilation {
  readonly kind: 'schema' | 'template';
  readonly call: TSESTree.CallExpression;
  /** What keeps the entries. */
  readonly cache: string;
}

const AJV = /^ajv(?:\/dist\/.+)?$/u;
const COMPILES_SCHEMA = new Set(['compile', 'compileAsync', 'validate']);
/** Modules whose templates are kept by their text, and the functions that do so. */
const TEMPLATES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['mustache', new Set(['render', 'parse'])],
  ['hogan.js', new Set(['compile'])],
]);

/** The calls of a file, in the order of the code. */
export function compilationsIn(sourceCode: SourceCode): Compilation[] {
  return indexOf(sourceCode).calls.flatMap((call) => {
    const found = schemaIn(sourceCode, call) ?? templateIn(sourceCode, call);
    return found && requestFunction(call) && !runsOnce(sourceCode, call) ? [found] : [];
  });
}

function schemaIn(sourceCode: SourceCode, call: TSESTree.CallExpression): Compilation | undefined {
  const target = methodCall(call);
  const [schema] = call.arguments;
  if (target?.call !== call || !COMPILES_SCHEMA.has(target.method) || schema === undefined) return undefined;
  if (!isAjvOfProcess(sourceCode, target.object) || !isMadeByRequest(sourceCode, schema)) return undefined;
  if (indexOf(sourceCode).byProperty.has('removeSchema') || (target.method !== 'validate' && isKept(sourceCode, call)))
    return undefined;
  return { kind: 'schema', call, cache: terminalName(target.object) ?? 'ajv' };
}

/** A constant of the module that was set to `new Ajv()`, or to what a plugin returns for one: `addFormats(new Ajv())`. */
function isAjvOfProcess(sourceCode: SourceCode, object: Node): boolean {
  const init = initOf(variableOf(sourceCode, object));
  if (!init || !runsOnce(sourceCode, init)) return false;
  let value = unwrap(init);
  if (value.type === T.CallExpression && value.arguments.length > 0) value = unwrap(value.arguments[0]);
  return value.type === T.NewExpression && AJV.test(importedAs(sourceCode, value.callee)?.module ?? '');
}

/** An object that the request brought, or that is written out in the handler; with an `$id` Ajv would throw by itself. */
function isMadeByRequest(sourceCode: SourceCode, schema: Node): boolean {
  const value = behind(sourceCode, schema);
  if (value.type === T.ObjectExpression) {
    return !value.properties.some(
      (property) => property.type !== T.Property || ['$id', 'id'].includes(keyName(property) ?? ''),
    );
  }
  if (value.type === T.MemberExpression) return isOfRequest(sourceCode, rootOf(value));
  const isParsed = value.type === T.CallExpression && sourceCode.getText(value.callee) === 'JSON.parse';
  return isParsed && value.arguments.some((argument) => mentionsRequest(sourceCode, argument));
}

/** Whether the function that was made may be kept, and found again by the next request. */
function isKept(sourceCode: SourceCode, call: Node): boolean {
  let node = wrapped(call);
  if (node.parent?.type === T.AwaitExpression) node = wrapped(node.parent);
  const { parent } = node;
  if (parent?.type === T.CallExpression) return parent.callee !== node;
  if (parent?.type !== T.VariableDeclarator) return true;
  const uses = sourceCode.getDeclaredVariables?.(parent)[0]?.references.filter(({ init }) => init !== true) ?? [];
  return !uses.every(({ identifier }) => {
    const use = identifier as Node;
    const isCall = use.parent?.type === T.CallExpression && use.parent.callee === use;
    return isCall || propertyName(use.parent) === 'errors';
  });
}

function templateIn(sourceCode: SourceCode, call: TSESTree.CallExpression): Compilation | undefined {
  const from = importedAs(sourceCode, call.callee);
  const [text] = call.arguments;
  if (text === undefined || !from || TEMPLATES.get(from.module)?.has(from.name) !== true) return undefined;
  const { byProperty } = indexOf(sourceCode);
  if (byProperty.has('clearCache') || byProperty.has('templateCache') || byProperty.has('cache')) return undefined;
  return mentionsRequest(sourceCode, text) ? { kind: 'template', call, cache: from.module } : undefined;
}
