/**
 * What people look at when sessions or caches are touched. The team of the first outage asked for a review of session
 * handling: a leak there was suspected last, because nothing asked for it.
 */
import type { FileState } from '@ebb/eslint-plugin';

/** A question about a file that was touched. */
export interface ChecklistEntry {
  readonly repoPath: string;
  readonly topic: 'session' | 'cache';
  readonly questions: readonly string[];
}

const QUESTIONS: Record<ChecklistEntry['topic'], readonly string[]> = {
  session: [
    'Is a session deleted at logout, and not only its cookie?',
    'Does a session that nobody uses expire by itself, without being asked for?',
    'When its id changes (login, rotation), is the entry under the former id deleted?',
    'What does a visitor without cookies leave behind, a robot with a thousand requests?',
    'Does anything else keep the session: a listener, a timer, a log, a list by customer?',
  ],
  cache: [
    'What is the most that it holds, in entries and in bytes, and where does the code say so?',
    'Who chooses the keys? If clients do, are there ever two alike?',
    'Does an entry that nobody asks for again go by itself?',
    'Is a failure cached, or a promise that never settles?',
  ],
};

/** The checklists for a file: by the names of its folders and file, and of what it keeps. */
export function checklistOf(repoPath: string, state: FileState): ChecklistEntry[] {
  const names = [...repoPath.split('/'), ...state.collections.flatMap(({ name, scope }) => [name, scope])];
  const words = new Set(names.flatMap((name) => wordsOf(name)));
  const topics = (['session', 'cache'] as const).filter((topic) => words.has(topic) || words.has(`${topic}s`));
  return topics.map((topic) => ({ repoPath, topic, questions: QUESTIONS[topic] }));
}

/** `session-store.ts`, `SessionStore`, `#byCache`: their words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/u);
}
