/** A finding in a person's words. */
import type { CodeLocation, FindingFacts } from './finding.ts';

const longestSubject = 100;
const longestFile = 120;

/** `sessions (Map) in src/session-store.ts:12 keeps what it gets, 1.9 kB a request`. */
export function findingSentence({ subject, holder, bytesPerRequest }: FindingFacts): string {
  const where = holder.location === null ? '' : ` in ${placeOf(holder.location)}`;
  const each = bytesPerRequest === null || bytesPerRequest < 1 ? '' : `, ${size(bytesPerRequest)} a request`;
  return `${cutEnd(subject, longestSubject)}${where} keeps what it gets${each}`;
}

/** `src/session-store.ts:12`: as the repository calls it, where it is known. */
export function placeOf({ file, repoPath, line }: CodeLocation): string {
  return `${cutStart(repoPath ?? file, longestFile)}:${line}`;
}

/** `1.9 kB`: two digits, in powers of ten. */
export function size(bytes: number): string {
  if (bytes >= 1e6) return `${bytes >= 1e7 ? Math.round(bytes / 1e6) : (bytes / 1e6).toPrecision(2)} MB`;
  if (bytes >= 1e3) return `${bytes >= 1e4 ? Math.round(bytes / 1e3) : (bytes / 1e3).toPrecision(2)} kB`;
  return `${Math.round(bytes)} B`;
}

function cutEnd(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Of a long path the end tells more. */
function cutStart(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(1 - most)}`;
}
