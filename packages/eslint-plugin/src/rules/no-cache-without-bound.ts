import { AST_NODE_TYPES as T, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { importedAs, initOf, variableOf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { keyName, unwrap, type Node } from '../code/nodes.ts';
import { compilationsIn } from '../collection/compile-caches.ts';
import { createRule, report, type Rule } from '../rule.ts';

type Messages = 'cache' | 'ttlOnly' | 'schema' | 'template';
type SourceCode = Readonly<TSESLint.SourceCode>;

/** A cache library: what makes a cache, and which options bound it, each enough by itself. */
interface CacheLibrary {
  readonly exports: readonly string[];
  readonly bounds: readonly string[];
  /** An option that expires entries, but only when somebody asks for them. */
  readonly lazy?: string;
}

const LIBRARIES: ReadonlyMap<string, CacheLibrary> = new Map([
  ['lru-cache', { exports: ['LRUCache', 'default'], bounds: ['max', 'maxSize', 'ttlAutopurge'], lazy: 'ttl' }],
  ['node-cache', { exports: ['default'], bounds: ['stdTTL', 'maxKeys'] }],
  ['@isaacs/ttlcache', { exports: ['TTLCache', 'default'], bounds: ['ttl', 'max'] }],
  ['@cacheable/node-cache', { exports: ['NodeCache', 'default'], bounds: ['stdTTL', 'maxKeys'] }],
]);

/** Caches of well-known libraries that were given no bound that holds by itself, or have none and grow by requests. */
export const noCacheWithoutBound: Rule<Messages> = createRule<[], Messages>({
  name: 'no-cache-without-bound',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow caches of well-known libraries that are made without a bound, or filled by each request',
      preset: 'recommended',
    },
    messages: {
      cache:
        'This cache of {{module}} keeps what it is given for ever: none of {{bounds}} is set. Set one. (leak {{fingerprint}})',
      ttlOnly:
        '{{module}} with {{lazy}} alone drops an entry only when somebody asks for it again; one that nobody asks for stays for ever. Set one of {{bounds}}, too. (leak {{fingerprint}})',
      schema:
        '{{cache}} keeps every schema that it has compiled, by the object, and each request makes this one anew. Compile it once, outside of the handler. (leak {{fingerprint}})',
      template:
        '{{cache}} keeps every template that it has parsed, by its whole text, and this text differs from request to request. Put what differs into the data instead, or bound the cache. (leak {{fingerprint}})',
    },
    schema: [],
  },
  create(context) {
    const { sourceCode } = context;
    return {
      'Program:exit'(): void {
        for (const made of indexOf(sourceCode).news) {
          const from = importedAs(sourceCode, made.callee);
          const library = from && LIBRARIES.get(from.module);
          if (!library || !library.exports.includes(from.name)) continue;
          const names = optionNames(sourceCode, made.arguments[0]);
          if (names === undefined || library.bounds.some((bound) => names.has(bound))) continue;
          const { lazy } = library;
          const isLazy = lazy !== undefined && names.has(lazy);
          // Without any option lru-cache throws by itself.
          if (lazy !== undefined && !isLazy) continue;
          report(context, {
            node: made,
            messageId: isLazy ? 'ttlOnly' : 'cache',
            data: { module: from.module, bounds: library.bounds.join(', '), lazy: lazy ?? '' },
            leak: { scope: scopeOf(made), symbol: symbolOf(made), kind: 'collection' },
          });
        }
        for (const { kind, call, cache } of compilationsIn(sourceCode)) {
          const leak = { scope: 'module', symbol: cache, kind: 'collection' } as const;
          report(context, { node: call, messageId: kind, data: { cache }, leak });
        }
      },
    };
  },
});

/** The options that are set, where all of them can be seen. */
function optionNames(
  sourceCode: SourceCode,
  options: TSESTree.CallExpressionArgument | undefined,
): Set<string> | undefined {
  if (options === undefined) return new Set();
  let node: Node = unwrap(options);
  if (node.type === T.Identifier) node = unwrap(initOf(variableOf(sourceCode, node)) ?? node);
  if (node.type !== T.ObjectExpression) return undefined;
  const names = new Set<string>();
  for (const property of node.properties) {
    const name = property.type === T.Property ? keyName(property) : undefined;
    if (name === undefined) return undefined;
    names.add(name);
  }
  return names;
}

function symbolOf({ parent }: Node): string {
  if (parent?.type === T.VariableDeclarator && parent.id.type === T.Identifier) return parent.id.name;
  if (parent?.type === T.PropertyDefinition || parent?.type === T.Property) return keyName(parent) ?? '';
  return '';
}

function scopeOf(node: Node): string {
  const { parent } = node;
  return parent?.type === T.PropertyDefinition ? (parent.parent.parent.id?.name ?? 'module') : 'module';
}
