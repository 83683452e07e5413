/**
 * What an incident comes from, as far as it is known: `memory` runs out; `open`, nobody knows yet; `elsewhere`, memory is
 * well and is not the cause. What was memory stays memory until the incident is resolved.
 */
export type Cause = 'memory' | 'open' | 'elsewhere';

/** All causes. */
export const causes: readonly Cause[] = ['memory', 'open', 'elsewhere'];
