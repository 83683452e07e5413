/** All rules by name. */
import type { TSESLint } from '@typescript-eslint/utils';
import { noAbortListenerLeak } from './no-abort-listener-leak.ts';
import { noCacheWithoutBound } from './no-cache-without-bound.ts';
import { noListenerPerRequest } from './no-listener-per-request.ts';
import { noMemorySessionStore } from './no-memory-session-store.ts';
import { noModuleChildrenLeak } from './no-module-children-leak.ts';
import { noRaceWithLongLivedPromise } from './no-race-with-long-lived-promise.ts';
import { noRecursivePromiseChain } from './no-recursive-promise-chain.ts';
import { noStaleKey } from './no-stale-key.ts';
import { noUnboundedCollection } from './no-unbounded-collection.ts';
import { noUnboundedMetricLabel } from './no-unbounded-metric-label.ts';
import { noUnclearedInterval } from './no-uncleared-interval.ts';
import { noUnclosedResource } from './no-unclosed-resource.ts';

/** Every rule of the plugin, by the name it is configured with (behind `ebb/`). */
export const rules: Record<string, TSESLint.LooseRuleDefinition> = {
  'no-abort-listener-leak': noAbortListenerLeak,
  'no-cache-without-bound': noCacheWithoutBound,
  'no-listener-per-request': noListenerPerRequest,
  'no-memory-session-store': noMemorySessionStore,
  'no-module-children-leak': noModuleChildrenLeak,
  'no-race-with-long-lived-promise': noRaceWithLongLivedPromise,
  'no-recursive-promise-chain': noRecursivePromiseChain,
  'no-stale-key': noStaleKey,
  'no-unbounded-collection': noUnboundedCollection,
  'no-unbounded-metric-label': noUnboundedMetricLabel,
  'no-uncleared-interval': noUnclearedInterval,
  'no-unclosed-resource': noUnclosedResource,
};
