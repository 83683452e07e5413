/** Whether it happened before. */
import type { PostmortemFacts } from '../facts.ts';
import { code, list } from '../markdown.ts';
import { clockOf } from './words.ts';

/** The section. */
export function recurrenceSection(facts: PostmortemFacts): string {
  const { culprit, repeats } = facts;
  if (culprit === null) return 'Not known: without a fingerprint nobody can tell.';
  if (repeats.length === 0) return `No earlier incident has the fingerprint ${code(culprit.fingerprint)}.`;
  const clock = clockOf(facts);
  const points = repeats.map(({ incidentId, openedMs }) => `incident ${incidentId}, ${clock.time(openedMs, true)}`);
  return `The same leak, ${code(culprit.fingerprint)}, was there before:\n\n${list(points)}`;
}
