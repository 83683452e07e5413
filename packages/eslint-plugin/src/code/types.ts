/** What the type checker knows, where the file was parsed with types; nothing is asked of it otherwise. */
import type { ParserServicesWithTypeInformation, TSESLint } from '@typescript-eslint/utils';
import type { Node } from './nodes.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;

/** The services of typescript-eslint's parser, if the file was parsed with types. */
export function typesOf(sourceCode: SourceCode): ParserServicesWithTypeInformation | undefined {
  const services = sourceCode.parserServices;
  return services?.program ? (services as ParserServicesWithTypeInformation) : undefined;
}

/** The name of an expression's type, if it is a class or an interface; undefined without types. */
export function typeNameOf(sourceCode: SourceCode, node: Node): string | undefined {
  const services = typesOf(sourceCode);
  const type = services?.getTypeAtLocation(node);
  const name = type?.getSymbol()?.getName();
  return name === undefined || name.startsWith('__') ? undefined : name;
}
