import { createStorefront, type Storefront } from '../app.ts';
import type { Features } from '../release.ts';

/** A storefront with these features and data of its own, for tests of its memory. */
export async function openStorefront(features: Features): Promise<Storefront> {
  return createStorefront({
    release: '1.0',
    features,
    dataFolder: null,
    sessionIdleMs: 3_600_000,
    sessionSweepMs: 60_000,
    now: Date.now,
  });
}
