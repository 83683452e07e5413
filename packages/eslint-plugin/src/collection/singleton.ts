/** Classes of which the file itself shows that an instance lives as long as the process. */
import { AST_NODE_TYPES as T, type TSESLint } from '@typescript-eslint/utils';
import { nameOfSelf, variableOf, type Self } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { runsOnce } from '../code/lifetime.ts';
import { terminalName, unwrap, type Node } from '../code/nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** Made with the module (`export const store = new Store()`), or by a container that makes one for all (`@Injectable()`). */
export function isSingleton(sourceCode: SourceCode, self: Self): boolean {
  const name = nameOfSelf(self);
  if (name === undefined) return false;
  if (isInjectable(sourceCode, self)) return true;
  return indexOf(sourceCode).news.some(
    (expression) =>
      expression.callee.type === T.Identifier &&
      expression.callee.name === name &&
      definedBy(sourceCode, expression.callee, self) &&
      runsOnce(sourceCode, expression),
  );
}

function definedBy(sourceCode: SourceCode, callee: Node, self: Self): boolean {
  const definition = variableOf(sourceCode, callee)?.defs[0]?.node as Node | undefined;
  return definition === self || (definition?.type === T.VariableDeclarator && definition.init === self);
}

/** `@Injectable()` without a scope of its own; in compiled code: `C = __decorate([Injectable()], C)`. */
function isInjectable(sourceCode: SourceCode, self: Self): boolean {
  if ('decorators' in self && self.decorators.some(({ expression }) => isPlainInjectable(expression))) return true;
  return indexOf(sourceCode).calls.some((call) => {
    if (terminalName(call.callee) !== '__decorate') return false;
    const [decorators, target] = call.arguments;
    return (
      decorators?.type === T.ArrayExpression &&
      target?.type === T.Identifier &&
      target.name === nameOfSelf(self) &&
      decorators.elements.some((element) => element !== null && isPlainInjectable(element))
    );
  });
}

function isPlainInjectable(decorator: Node): boolean {
  const call = unwrap(decorator);
  return call.type === T.CallExpression && call.arguments.length === 0 && terminalName(call.callee) === 'Injectable';
}
