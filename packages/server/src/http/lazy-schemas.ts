/**
 * Validators and serializers that are compiled when the first request needs them. Compiled at the start, those of all
 * routes are a third of it, in time and in memory, and most servers never use most of them.
 */
import { createRequire } from 'node:module';
import type { FastifyServerOptions } from 'fastify';

type Factories = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

/** What a schema becomes. A validator leaves what is wrong beside itself. */
interface Compiled {
  (data: unknown): unknown;
  errors?: unknown;
}
type Compile = (route: unknown) => Compiled;
type Build = (sharedSchemas: unknown, options: unknown) => Compile;

const require = createRequire(import.meta.url);

/** The compilers that Fastify has by itself, each loaded and run at its first use. */
export function lazySchemas(): Factories {
  return {
    buildValidator: lazy(() => require('@fastify/ajv-compiler') as () => Build),
    buildSerializer: lazy(() => require('@fastify/fast-json-stringify-compiler') as () => Build),
  } as unknown as Factories;
}

function lazy(compiler: () => () => Build): Build {
  const load = once(() => compiler()());
  return (sharedSchemas, options) => {
    const compile = once(() => load()(sharedSchemas, options));
    return (route) => {
      const compiled = once(() => compile()(route));
      const use: Compiled = (data) => {
        const answer = compiled()(data);
        // Fastify reads them from the function that it called.
        use.errors = compiled().errors;
        return answer;
      };
      return use;
    };
  };
}

function once<Result>(make: () => Result): () => Result {
  let made: { result: Result } | undefined;
  return () => (made ??= { result: make() }).result;
}
