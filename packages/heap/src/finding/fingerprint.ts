import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { packageOf } from '../naming/locator.ts';
import type { FindingKind, Location } from './finding.ts';

/** What makes a leak the same leak: all that a linter, a test and production can know, and nothing else. */
export interface LeakIdentity {
  /** The culprit's code. */
  location: Location | null;
  /** The class or function that declares the holder, or 'module'. */
  scope: string;
  /** The holder's name or the event. */
  symbol: string;
  kind: FindingKind;
}

/** Twelve hexadecimal digits; never made of a path, a line number, a version or an object id. */
export function fingerprintOf({ location, scope, symbol, kind }: LeakIdentity): string {
  return createHash('sha256').update([unitOf(location), scope, symbol, kind].join('\n')).digest('hex').slice(0, 12);
}

/** The package by name, or the file relative to the repository; a file elsewhere by its name alone. */
function unitOf(location: Location | null): string {
  if (!location) return '';
  return packageOf(location.file)?.name ?? location.repoPath ?? (location.file.startsWith('node:') ? location.file : basename(location.file));
}
