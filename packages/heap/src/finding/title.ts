import { basename } from 'node:path';
import { packageOf } from '../naming/project.ts';
import { LOST_NAME } from '../parse/string-table.ts';
import type { Finding, Location } from './finding.ts';

/** A location as people write it: `src/app.ts:12`, `lru-cache/index.js:40`. */
export function shortLocation(location: Location): string {
  const pack = packageOf(location.file);
  const path = pack
    ? `${pack.name}${location.file.slice(pack.root.length)}`
    : (location.repoPath ?? (location.file.startsWith('node:') ? location.file : basename(location.file)));
  return `${path}:${location.line}`;
}

/** Bytes for people, in units of 1000. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

/** What piles up, many of them. */
function plural(type: string): string {
  if (type === LOST_NAME) return 'objects whose name is lost';
  if (type === 'string') return 'strings';
  if (type === 'number') return 'numbers';
  if (type === 'value') return 'values that are no objects';
  if (type.startsWith('function')) return type === 'function' ? 'functions' : `copies of ${type}`;
  if (type === 'Object') return 'objects';
  if (type === 'Array') return 'arrays';
  return type.length < 3 || /(s|x|y|ch|sh)$/.test(type) ? `${type} objects` : `${type}s`;
}

/** The finding in one plain sentence. */
export function titleOf(finding: Omit<Finding, 'title'>): string {
  const { holder, subject } = finding;
  const others = finding.holders === undefined ? '' : ` and ${finding.holders - 1} like it`;
  const where = holder.location ? ` in ${shortLocation(holder.location)}${others}` : others;
  if (finding.growthCount === undefined) {
    return `${subject}${where} holds ${humanBytes(finding.retainedBytes)} in ${finding.sample.count.toLocaleString('en')} ${plural(finding.sample.type)}`;
  }
  const bytes = finding.growthBytes ?? 0;
  // Values bring no objects: numbers in an array, a text that gets longer.
  const what =
    finding.growthCount > 0
      ? `+${finding.growthCount.toLocaleString('en')} ${plural(finding.sample.type)}, ${humanBytes(bytes / finding.growthCount)} each`
      : `+${humanBytes(bytes)} of ${plural(finding.sample.type)}`;
  if (finding.verdict === 'bounded') return `${subject}${where} grew, within a bound: ${what}`;
  if (finding.verdict === 'suspect') return `${subject}${where} grew: ${what}`;
  return `${subject}${where} keeps growing: ${what}`;
}
