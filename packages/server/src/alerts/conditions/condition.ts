import type { Diagnosis } from '../../incident/diagnose.ts';
import type { Level } from '../../incident/level.ts';
import { graver } from '../rules/matcher.ts';

/** Something wrong with a service that no verdict says: memory that is high, processes that are silent. */
export interface Condition {
  kind: 'high-memory' | 'silent';
  level: Level;
  /** What it is, without the service's name. */
  text: string;
}

/** What an incident is about: the verdict first, where there is one, then the conditions. */
export function withConditions(judged: Diagnosis, serviceName: string, conditions: readonly Condition[]): Diagnosis {
  const level = conditions.reduce<Level | null>((most, condition) => graver(most, condition.level), judged.level);
  const texts = conditions.map(({ text }) => text).join('; ');
  if (texts === '') return judged;
  return {
    ...judged,
    level,
    summary: judged.level === null ? `${serviceName}: ${texts}` : `${judged.summary}; ${texts}`,
  };
}
