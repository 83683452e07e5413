import { levels, type Matcher } from './matcher.ts';
import type { Value } from './yaml-file.ts';

/** A label's name, as Alertmanager takes it too; two underscores are reserved there. */
const labelForm = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;
/** Names that are no labels of one's own. */
const ownNames: readonly string[] = ['service', 'namespace', 'environment', 'level'];

/** Reads a matcher. `asks` says which levels it may ask for. */
export function readMatcher(value: Value, asks: readonly ('min_level' | 'max_level' | 'labels')[]): Matcher {
  const fields = value.fields(['service', 'namespace', 'environment', ...asks]);
  const matcher: Matcher = {};
  for (const name of ['service', 'namespace', 'environment'] as const) {
    const patterns = fields.take(name, readPatterns);
    if (patterns !== undefined) matcher[name] = patterns;
  }
  const labels = fields.take('labels', (found) => readLabels(found, readPatterns));
  if (labels !== undefined) matcher.labels = labels;
  const minLevel = fields.take('min_level', (found) => found.oneOf(levels));
  if (minLevel !== undefined) matcher.minLevel = minLevel;
  const maxLevel = fields.take('max_level', (found) => found.oneOf(levels));
  if (maxLevel !== undefined) matcher.maxLevel = maxLevel;
  return matcher;
}

/** Reads labels of one's own. */
export function readLabels<T>(value: Value, read: (found: Value) => T | null): Record<string, T> {
  const labels: Record<string, T> = {};
  for (const [name, found] of value.fields(null).all()) {
    const text = read(found);
    if (!labelForm.test(name))
      found.wrong('a label has letters, digits and underscores, and does not begin with a digit');
    else if (ownNames.includes(name)) found.wrong(`'${name}' is asked for by its own name, not as a label`);
    else if (text !== null) labels[name] = text;
  }
  return labels;
}

/** Reads names of labels, own or those that all incidents have. */
export function readLabelNames(value: Value): string[] {
  return value.listOf((entry) => {
    const name = entry.text(100);
    return name === null || labelForm.test(name) ? name : entry.wrong('is no name of a label');
  });
}

function readPatterns(value: Value): string[] {
  return value.listOf((entry) => entry.text(256));
}
