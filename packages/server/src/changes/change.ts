/** A change of a service: a deploy, a configuration, a flag; told by somebody, or seen in telemetry. */
import { createHash } from 'node:crypto';

/** What kind of change it is. `version` is one that telemetry shows: another version or revision runs. */
export const changeKinds = ['deploy', 'config', 'flag', 'version', 'other'] as const;

/** What kind of change it is. */
export type ChangeKind = (typeof changeKinds)[number];

/** Where more is told. */
export interface ChangeLink {
  /** `http:` or `https:`. */
  href: string;
  text: string;
}

/** The service that is meant: by name alone, or with what tells its namesakes apart. */
export interface ServiceName {
  service: string;
  namespace: string;
  environment: string;
}

/** A change, before it is stored. */
export interface NewChange {
  /** Null where nobody said whose it is. */
  service: ServiceName | null;
  timeMs: number;
  /** Whether the sender told the time; else it is when the change came. */
  timeTold: boolean;
  kind: ChangeKind;
  summary: string;
  /** What made it: a pipeline, a host, `telemetry`. */
  source: string;
  version: string | null;
  revision: string | null;
  links: ChangeLink[];
}

/** A change without a time that is told again within so long is the same one. */
const untoldSlotMs = 10 * 60_000;

/**
 * What makes a change that is sent again the same one: what it says, and when. The slots are the times at which the same
 * change may be stored already; it is stored in the last of them.
 */
export function changeIdentity(change: NewChange): { contentHash: string; slotsMs: number[] } {
  const { service, kind, summary, source, version, revision, links, timeMs, timeTold } = change;
  const content = JSON.stringify([service, kind, summary, source, version, revision, links, timeTold]);
  const contentHash = createHash('sha256').update(content).digest('hex');
  if (timeTold) return { contentHash, slotsMs: [timeMs] };
  const slotMs = Math.floor(timeMs / untoldSlotMs) * untoldSlotMs;
  return { contentHash, slotsMs: [slotMs - untoldSlotMs, slotMs] };
}
