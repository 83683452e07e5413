import type { Pace } from './pace.ts';

/** What a program has done since the last look. */
export interface WorkSince {
  /** Cumulative; null when the program serves none. */
  readonly requests: number | null;
  /** As it was at the last look. */
  readonly since: number | null;
  readonly elapsedMs: number;
}

/** Programs that serve requests must have served some since the last look; of others nothing is known, time must do. */
export function enoughWork({ requests, since, elapsedMs }: WorkSince, pace: Pace): boolean {
  if (requests === null || requests === 0) return true;
  const served = requests - (since ?? 0);
  return served >= pace.minStepRequests || (elapsedMs >= 2 * pace.maxStepMs && served >= 5);
}
