/** What is to be done, as it follows from what is known; with an owner and a date each is an action item. */
import type { PostmortemFacts } from '../facts.ts';
import { list, plain } from '../markdown.ts';
import { measuresFor } from '../measures.ts';

const words = {
  lint: 'Before it is merged',
  test: 'Before it ships',
  soak: 'Before a release',
  alert: 'While it grows',
};

/** The section. */
export function measuresSection(facts: PostmortemFacts): string {
  const measures = measuresFor(facts);
  if (measures.length === 0) return 'Nothing that is known of it says what would have caught it.';
  return list(measures.map(({ kind, title, why }) => `**${words[kind]} (${kind}):** ${plain(title)}. ${plain(why)}`));
}
