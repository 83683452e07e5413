import type { Track } from '../history/track.ts';
import {
  BY_RSS,
  FLOOR_AT,
  FLOOR_HEAP,
  FLOOR_INTERVAL,
  HEAP_LIMIT,
  JUDGED_AT,
  RSS,
  RSS_LIMIT,
  SOURCE,
  type Known,
} from '../judge-state.ts';
import type { About } from './decide.ts';
import type { Room } from './limits.ts';
import { nativeThresholds } from './thresholds.ts';

/** What is judged now. */
export interface Subject {
  readonly kind: 'floor' | 'envelope' | 'rss';
  readonly track: Track;
  readonly about: About;
  /** Infinite before the first floor. */
  readonly floorAgeS: number;
}

/** Without a floor for so long, in intervals between floors and in seconds, the lower envelope is judged instead. */
const STALE_FLOORS = 10;
const STALE_S = 60;

/** The best that is known of the process: floors, or while they are missing the lower envelope, or RSS. */
export function subjectOf(known: Known): Subject {
  const { scalars, thresholds, warmupS, floors, envelope, standing, usual } = known;
  const floorAgeS = (scalars[JUDGED_AT] - scalars[FLOOR_AT]) / 1000;
  const isTold = standing.isTold;
  if (scalars[SOURCE] === BY_RSS) {
    const about = { warmupS, thresholds: thresholds.rss, roomBytes: roomBytes(known, floors), isTold, usual };
    return { kind: 'rss', track: floors, about, floorAgeS };
  }
  const isStale = floorAgeS > Math.max(STALE_S, STALE_FLOORS * scalars[FLOOR_INTERVAL]);
  if (floors.history.count > 0 && !isStale) {
    const about = { warmupS, thresholds: thresholds.floor, roomBytes: roomBytes(known, floors), isTold, usual };
    return { kind: 'floor', track: floors, about, floorAgeS };
  }
  const about = {
    warmupS,
    thresholds: thresholds.envelope,
    roomBytes: roomBytes(known, envelope),
    isTold: false,
    usual: null,
  };
  return { kind: 'envelope', track: envelope, about, floorAgeS };
}

/** What RSS holds beyond the heap, as a subject. */
export function nativeAbout(known: Known, isTold: boolean): About {
  const rssBytes = known.scalars[RSS];
  return {
    warmupS: known.warmupS,
    thresholds: nativeThresholds(known.thresholds, rssBytes),
    roomBytes: rssRoomBytes(known, rssBytes),
    isTold,
    usual: null,
  };
}

/** Limits, and what is taken of them. */
export function limitsOf({ scalars, envelope }: Known, kind: Subject['kind']): Room {
  const byRss = kind === 'rss';
  return {
    heapLimitBytes: byRss ? null : scalars[HEAP_LIMIT] || null,
    heapBytes: kind === 'envelope' ? envelope.newestBytes : scalars[FLOOR_HEAP],
    rssLimitBytes: scalars[RSS_LIMIT] || (byRss && scalars[HEAP_LIMIT]) || null,
    rssBytes: scalars[RSS] || null,
  };
}

/** What is left to the nearer limit, in what the track counts; infinite when no limit is known. */
function roomBytes(known: Known, track: Track): number {
  const { scalars } = known;
  const levelBytes = track.newestBytes;
  const ofRss = rssRoomBytes(known, levelBytes);
  if (scalars[SOURCE] === BY_RSS) return ofRss;
  return Math.max(0, Math.min((scalars[HEAP_LIMIT] || Number.POSITIVE_INFINITY) - levelBytes, ofRss));
}

function rssRoomBytes({ scalars }: Known, levelBytes: number): number {
  const heapLimit = scalars[HEAP_LIMIT] || Number.POSITIVE_INFINITY;
  const limit = scalars[RSS_LIMIT] || (scalars[SOURCE] === BY_RSS ? heapLimit : Number.POSITIVE_INFINITY);
  return Math.max(0, limit - (scalars[RSS] || levelBytes));
}
