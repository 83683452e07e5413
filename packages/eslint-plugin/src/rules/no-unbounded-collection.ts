import type { JSONSchema } from '@typescript-eslint/utils';
import { evidenceOf, TRAFFIC_WORDS, type Evidence } from '../collection/evidence.ts';
import { holdersOf, type Holder } from '../collection/holders.ts';
import type { Use } from '../collection/uses.ts';
import { runsOnce } from '../code/lifetime.ts';
import { createRule, report, type Rule } from '../rule.ts';

/** What can be configured. */
export interface UnboundedCollectionOptions {
  /** Fields of exported classes, too, of which the file does not show how long an instance lives; so unless `false`. */
  readonly instances?: boolean;
  /** Of those fields arrays, too: many are the parts that an instance builds something of. */
  readonly arrays?: boolean;
  /** More words that traffic brings, as they stand in names of keys; lower case. */
  readonly trafficWords?: readonly string[];
}

type Messages = 'unbounded';
type Options = [UnboundedCollectionOptions];

const schema: JSONSchema.JSONSchema4[] = [
  {
    type: 'object',
    additionalProperties: false,
    properties: {
      instances: { type: 'boolean' },
      arrays: { type: 'boolean' },
      trafficWords: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' }, uniqueItems: true },
    },
  },
];

const WHY: Record<Evidence, string> = {
  fresh: 'with what each call makes anew',
  timer: 'with a timer for each call',
  traffic: 'under a key that comes with the traffic',
  request: 'with something of each request',
};

/** Collections that live as long as the process, to which traffic adds, and from which nothing removes. */
export const noUnboundedCollection: Rule<Messages, Options> = createRule<Options, Messages>({
  name: 'no-unbounded-collection',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow long-lived collections that traffic adds to and nothing removes from',
      preset: 'recommended',
    },
    messages: {
      unbounded:
        '{{name}} ({{container}}) only grows: this adds to it {{why}}, and nothing in this file removes. Delete entries when their work is done, expire them, or give it a bound. (leak {{fingerprint}})',
    },
    schema,
    defaultOptions: [{}],
  },
  create(context, [options]) {
    const { sourceCode } = context;
    const words = new Set([...TRAFFIC_WORDS, ...(options.trafficWords ?? [])]);
    return {
      'Program:exit'(): void {
        for (const holder of holdersOf(sourceCode)) {
          if (holder.lifetime === 'instance' && options.instances === false) continue;
          const growth = growthOf(holder);
          if (!growth) continue;
          const { use, evidence } = growth;
          const { name, container, scope } = holder;
          report(context, {
            node: use.node,
            messageId: 'unbounded',
            data: { name, container, why: WHY[evidence] },
            leak: { scope, symbol: name, kind: 'collection' },
          });
        }
      },
    };

    function isUnaskedArray({ container }: Holder): boolean {
      return container === 'Array' && options.arrays !== true;
    }

    function growthOf(holder: Holder): { use: Use; evidence: Evidence } | undefined {
      if (holder.uses.some(({ kind }) => kind === 'remove' || kind === 'bound' || kind === 'escape')) return undefined;
      for (const use of holder.uses) {
        if (use.kind !== 'add' || runsOnce(sourceCode, use.node)) continue;
        const evidence = evidenceOf(sourceCode, use, holder.container, words);
        if (evidence === undefined) continue;
        // Whoever makes the instance may let go of it, list and all: what is kept by keys of the traffic speaks more.
        if (holder.lifetime === 'instance' && (isUnaskedArray(holder) || evidence === 'request')) continue;
        return { use, evidence };
      }
      return undefined;
    }
  },
});
