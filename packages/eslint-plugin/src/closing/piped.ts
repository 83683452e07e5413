/** Streams of files that are piped to a response: `pipe` does not destroy its source when the client goes away. */
import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { importedAs, initOf, variableOf } from '../code/bindings.ts';
import { methodCallsIn } from '../code/file-index.ts';
import { isOfRequest } from '../code/lifetime.ts';
import { methodCall, rootOf, unwrap, wrapped, type Node } from '../code/nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

const PIPE = new Set(['pipe']);
/** What is called on a stream without ending it, and gives it back or nothing. */
const HARMLESS = new Set(['pipe', 'on', 'once', 'setEncoding', 'pause', 'resume', 'unpipe']);

/** The calls of `pipe` from a file of `fs.createReadStream`, which nothing else can destroy, to a response. */
export function filesPipedToResponses(sourceCode: SourceCode): TSESTree.CallExpression[] {
  return methodCallsIn(sourceCode, PIPE)
    .filter(({ call, object }) => {
      const [to] = call.arguments;
      if (to === undefined || to.type === T.SpreadElement || !isOfRequest(sourceCode, unwrap(to))) return false;
      return isLooseFile(sourceCode, object);
    })
    .map(({ call }) => call);
}

/** `createReadStream(…)`, maybe with listeners, or a variable with it that nobody else is given. */
function isLooseFile(sourceCode: SourceCode, stream: Node): boolean {
  const node = unwrap(stream);
  if (node.type === T.Identifier) {
    const variable = variableOf(sourceCode, node);
    const init = initOf(variable);
    if (!init || !isLooseFile(sourceCode, init)) return false;
    return (variable?.references ?? []).every(({ identifier, init: isFirst }) => {
      const use = wrapped(identifier);
      return isFirst === true || (use.parent?.type === T.MemberExpression && isHarmless(use.parent));
    });
  }
  const chained = methodCall(node);
  if (chained?.call === node && HARMLESS.has(chained.method) && chained.method !== 'pipe')
    return isLooseFile(sourceCode, chained.object);
  if (node.type !== T.CallExpression) return false;
  const from = importedAs(sourceCode, node.callee);
  return from?.name === 'createReadStream' && (from.module === 'fs' || from.module === 'node:fs');
}

function isHarmless(member: TSESTree.MemberExpression): boolean {
  const call = methodCall(wrapped(member).parent);
  return call !== undefined && HARMLESS.has(call.method) && rootOf(call.object) === rootOf(member.object);
}
