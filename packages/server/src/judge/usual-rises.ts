/** What is usual for the processes that the server judges: how far earlier ones of their service rose (decision 26). */
import type { MemoryJudgeOptions, SeenRises } from '@ebb/trend';
import type { ProcessReport } from '../ingest/report.ts';
import type { ProcessRow } from '../store/schema.ts';
import type { LaterOnes } from '../store/earlier-lives.ts';

/** What the judge of a process is told. */
export type Usual = NonNullable<MemoryJudgeOptions['usual']>;

/** 24 KB each at most. */
const mostKept = 400;
/** Earlier processes that still run go on, and others end. */
const staleMs = 3_600_000;

interface Kept {
  later: LaterOnes;
  rises: SeenRises | null;
  /** When it was read; null: it has to be. */
  readMs: number | null;
  askedMs: number;
}

/**
 * Keeps it in memory, read in the background: whoever writes reports does not wait. Until it is read nothing is usual, and
 * growth needs the whole patience.
 */
export class UsualRises {
  readonly #read: (later: LaterOnes) => Promise<SeenRises | null>;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(read: (later: LaterOnes) => Promise<SeenRises | null>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** What is usual for a process that reports this; null where nothing is known, or not yet. */
  of(process: ProcessRow, { figures }: Pick<ProcessReport, 'figures'>): Usual | null {
    const by = figures.floorBytes === null ? 'rss_bytes' : 'floor_bytes';
    const key = `${process.service_id} ${by} ${process.version}`;
    const kept = this.#kept.get(key);
    if (kept === undefined) {
      const later = { service_id: process.service_id, version: process.version, by } as const;
      if (this.#kept.size < mostKept) this.#kept.set(key, { later, rises: null, readMs: null, askedMs: this.#now() });
      return null;
    }
    kept.askedMs = this.#now();
    return kept.rises === null ? null : { rises: kept.rises, ageS: ageAtFirstSampleS(process) };
  }

  /** Reads what was asked for and is not known, or not any more; forgets what nobody asks for. */
  async refresh(): Promise<void> {
    for (const [key, kept] of this.#kept) {
      const nowMs = this.#now();
      if (nowMs - kept.askedMs > staleMs) this.#kept.delete(key);
      else if (kept.readMs === null || nowMs - kept.readMs > staleMs) {
        kept.rises = await this.#read(kept.later);
        kept.readMs = nowMs;
      }
    }
  }
}

/** The judge begins with the first sample of a life. */
function ageAtFirstSampleS({
  first_seen_ms: firstSeenMs,
  started_ms: startedMs,
  restarted_ms: restartedMs,
}: ProcessRow): number {
  const beganMs = restartedMs ?? firstSeenMs;
  return Math.max(0, beganMs - (startedMs ?? beganMs)) / 1000;
}
