/** What the type checker knows, where the file was parsed with types; nothing is asked of it otherwise. */
import type { ParserServicesWithTypeInformation, TSESLint } from '@typescript-eslint/utils';
import type { Node } from './nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;
/** A symbol of the compiler: a class, an interface, a variable. */
export type TypeSymbol = NonNullable<
  ReturnType<ReturnType<ParserServicesWithTypeInformation['getTypeAtLocation']>['getSymbol']>
>;
type CompilerNode = Parameters<
  ReturnType<ParserServicesWithTypeInformation['program']['getTypeChecker']>['getTypeAtLocation']
>[0];

/** The services of typescript-eslint's parser, if the file was parsed with types. */
function typesOf(sourceCode: SourceCode): ParserServicesWithTypeInformation | undefined {
  const services = sourceCode.parserServices;
  return services?.program ? (services as ParserServicesWithTypeInformation) : undefined;
}

/** The symbol of an expression's type; undefined without types, and where the compiler cannot say. */
export function typeSymbolOf(sourceCode: SourceCode, node: Node): TypeSymbol | undefined {
  return asked(() => typesOf(sourceCode)?.getTypeAtLocation(node).getSymbol());
}

/** The same of a node of the compiler's own, such as one in another file. */
export function typeSymbolAt(sourceCode: SourceCode, node: object): TypeSymbol | undefined {
  return asked(() =>
    typesOf(sourceCode)
      ?.program.getTypeChecker()
      .getTypeAtLocation(node as CompilerNode)
      .getSymbol(),
  );
}

/** The name of an expression's type, if it is a class or an interface; undefined without types. */
export function typeNameOf(sourceCode: SourceCode, node: Node): string | undefined {
  const name = typeSymbolOf(sourceCode, node)?.getName();
  return name === undefined || name.startsWith('__') ? undefined : name;
}

/**
 * The compiler throws where it would report a module that it cannot find in a program of one file, which is what
 * typescript-eslint makes for a file that it parses twice in one run, after a fix for instance (`CI=true eslint --fix`).
 * The rules then know as much as without types.
 */
function asked<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}
