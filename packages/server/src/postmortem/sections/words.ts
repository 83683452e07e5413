/** Words that several sections need. */
import { Clock } from '../../incident/zone.ts';
import type { PostmortemFacts } from '../facts.ts';

/** The team's clock, beside UTC. */
export function clockOf({ team }: PostmortemFacts): Clock {
  return new Clock([team.zone]);
}

/** `1 hour 15 minutes`, `4 minutes`, `30 seconds`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return many(seconds, 'second');
  const minutes = Math.round(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const parts = [
    ...(days > 0 ? [many(days, 'day')] : []),
    ...(hours > 0 ? [many(hours, 'hour')] : []),
    ...(rest > 0 && days === 0 ? [many(rest, 'minute')] : []),
  ];
  return parts.join(' ');
}

function many(count: number, unit: string): string {
  return `${count} ${count === 1 ? unit : `${unit}s`}`;
}

/** A sentence's beginning. */
export function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Where the leak is in the code; null where nothing tells it. */
export function placeOf({ culprit }: PostmortemFacts): string | null {
  const place = culprit?.insertedAt ?? culprit?.holder.location ?? null;
  return place === null ? null : `${place.repoPath ?? place.file}:${place.line}`;
}
