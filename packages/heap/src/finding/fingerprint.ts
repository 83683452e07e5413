import { createHash } from 'node:crypto';
import type { FindingKind } from './finding.ts';

/** What makes a leak the same leak: all that a linter, a test and production can know, and nothing else. */
export interface LeakIdentity {
  /** The package, or the package and the file in it (`Project.unit`), of the culprit's code. */
  unit: string;
  /** The class or function that declares the holder, or 'module'. */
  scope: string;
  /** The holder's name or the event. */
  symbol: string;
  kind: FindingKind;
}

/** Twelve hexadecimal digits; never made of an absolute path, a line number, a version or an object id. */
export function fingerprintOf({ unit, scope, symbol, kind }: LeakIdentity): string {
  return createHash('sha256').update([unit, scope, symbol, kind].join('\n')).digest('hex').slice(0, 12);
}
