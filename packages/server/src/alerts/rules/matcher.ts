/** Which incidents a rule, a route or a silence is about: pure. */
import type { Level } from '../../incident/level.ts';

/** Who an incident is about, as far as rules can ask. */
export interface ServiceName {
  service: string;
  /** Empty where there is none, as the environment. */
  namespace: string;
  environment: string;
}

/** An incident as matchers see it. */
export interface Subject extends ServiceName {
  level: Level;
  /** What the rules say of the service, like its team. */
  labels: Readonly<Record<string, string>>;
}

/** Each part that is there has to hold. A list matches when one of its patterns does; `*` in a pattern is any text. */
export interface Matcher {
  service?: readonly string[];
  namespace?: readonly string[];
  environment?: readonly string[];
  labels?: Readonly<Record<string, readonly string[]>>;
  /** This level and those above it. */
  minLevel?: Level;
  /** This level and those below it. */
  maxLevel?: Level;
}

/** From the mildest to the gravest. */
export const levels: readonly Level[] = ['notice', 'warning', 'page'];

/** The graver of two; null is none. */
export function graver(a: Level | null, b: Level | null): Level | null {
  if (a === null || b === null) return a ?? b;
  return levels.indexOf(a) >= levels.indexOf(b) ? a : b;
}

/** Whether the service's name fits. Labels and levels are not asked for. */
export function matchesName(matcher: Matcher, name: ServiceName): boolean {
  return (['service', 'namespace', 'environment'] as const).every((field) => fits(matcher[field], name[field]));
}

/** Whether the incident fits. */
export function matches(matcher: Matcher, subject: Subject): boolean {
  const { minLevel, maxLevel, labels = {} } = matcher;
  const rank = levels.indexOf(subject.level);
  return (
    matchesName(matcher, subject) &&
    (minLevel === undefined || rank >= levels.indexOf(minLevel)) &&
    (maxLevel === undefined || rank <= levels.indexOf(maxLevel)) &&
    Object.entries(labels).every(([label, patterns]) => fits(patterns, subject.labels[label] ?? ''))
  );
}

/** What rules can group by, and compare. */
export function labelOf(subject: Subject, label: string): string {
  if (label === 'service' || label === 'namespace' || label === 'environment' || label === 'level')
    return subject[label];
  return subject.labels[label] ?? '';
}

function fits(patterns: readonly string[] | undefined, text: string): boolean {
  return patterns === undefined || patterns.some((pattern) => like(pattern, text));
}

/** Whether the text is like the pattern, `*` being any text. Takes pattern times text steps at most, whatever they are. */
function like(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      [star, from] = [p, t];
      p += 1;
    } else if (pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      // The star takes one character more, and the rest is tried again.
      from += 1;
      [p, t] = [star + 1, from];
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
