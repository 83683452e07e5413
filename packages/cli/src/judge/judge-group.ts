import { AgeCurve, compareVersions, FleetPool, RouteTable, SeenRises, type MemoryJudgeOptions } from '@ebb/trend';
import { printable } from '../wording/printable.ts';
import type { KeptRows } from './kept-rows.ts';
import type { SeriesRow } from './rows.ts';
import { SERVICE_WARMUP_MS, WATCHED_S, WATCHED_WARMUP_MS, type SeriesJudge } from './series.ts';

/** A series of a sibling group: its judge, and its rows, which wait for those of its siblings. */
export interface GroupMember {
  readonly judge: SeriesJudge;
  readonly rows: KeptRows;
}

/** The processes of one version of a service. */
interface Release {
  readonly pool: FleetPool;
  /** What grows at which age; null where ages are not told. */
  ages: AgeCurve | null;
  /** How far its processes rose; empty where ages are not told. */
  readonly rises: SeenRises;
  /** The release that came before it in the file. */
  readonly before: Release | null;
  readonly version: string | null;
}

/**
 * Judges the processes of one service in the order of time, each by itself and together with those of its version; and at the
 * end each version beside the one before it, at equal age and load.
 */
export function judgeGroup(
  members: ReadonlyMap<string, GroupMember>,
  limitBytes: number | null,
  routeNames: readonly string[],
): void {
  const releases = new Map<string, Release>();
  const hasFloors = [...members.values()].some(({ rows }) => rows.hasFloors);
  const kind = hasFloors ? 'floor' : 'rss';
  const intervalS = [...members.values()].map(({ rows }) => rows.firstIntervalS).find((seconds) => seconds > 0) ?? 60;
  const warmupMs = intervalS < WATCHED_S ? WATCHED_WARMUP_MS : SERVICE_WARMUP_MS;
  const intervalMs = Math.max(1, intervalS) * 1000;
  let newest: Release | null = null;
  const releaseOf = ({ version, ageS }: SeriesRow): Release => {
    const known = releases.get(version ?? '');
    if (known !== undefined) return known;
    const release: Release = {
      pool: new FleetPool({ kind, intervalMs, warmupMs, ...usualOf(newest, ageS) }),
      ages: null,
      rises: new SeenRises(),
      before: newest,
      version,
    };
    releases.set(version ?? '', release);
    newest = release;
    return release;
  };
  const lastOf = new Map<SeriesJudge, Release>();
  let atS = NaN;
  let touched = new Set<SeriesJudge>();
  const settle = (): void => {
    for (const judge of touched) judge.settle();
    touched = new Set();
  };
  for (const row of inOrder(members)) {
    // All that came at one time is known when the next comes; nothing later is.
    if (row.timeS !== atS) settle();
    atS = row.timeS;
    const judge = members.get(row.series)?.judge;
    if (judge === undefined) continue;
    const release = releaseOf(row);
    if (row.kind === kind) take(release, row, judge.leaksAlone, limitBytes);
    lastOf.set(judge, release);
    const { pool } = release;
    judge.siblings = () => {
      const { judgement } = pool;
      return judgement === null
        ? null
        : { judgement, size: pool.size, stance: pool.member(row.series)?.stance ?? 'joining' };
    };
    judge.usual = usualOf(release.before, row.ageS).usual ?? null;
    judge.take(row);
    touched.add(judge);
  }
  settle();
  for (const { judge } of members.values()) judge.end();
  const alike = new Map<Release, RouteTable | null>();
  for (const [name, { judge }] of members) {
    const release = lastOf.get(judge);
    if (release?.pool.member(name)?.stance === 'shares') {
      if (!alike.has(release)) alike.set(release, tableOf(members, release, lastOf));
      judge.nameRoutes(routeNames, alike.get(release));
    } else judge.nameRoutes(routeNames);
    const told = versionsText(lastOf.get(judge) ?? null);
    if (told !== null) judge.addEvidence(told);
  }
}

function take(release: Release, row: SeriesRow, leaks: boolean, limitBytes: number | null): void {
  const { series, timeS, bytes, requests, ageS } = row;
  release.pool.take({
    process: series,
    timeMs: timeS * 1000,
    bytes,
    requests,
    ageS,
    limitBytes: row.limitBytes ?? limitBytes,
    leaks,
  });
  if (ageS === null) return;
  release.rises.add({ process: series, ageS, bytes, requests });
  release.ages ??= new AgeCurve({ byRequests: requests !== null });
  release.ages.add({ process: series, ageS, bytes, requests });
}

/** What is usual for a process of an age: what those of the version before did. */
function usualOf(before: Release | null, ageS: number | null): Pick<MemoryJudgeOptions, 'usual'> {
  return before === null || ageS === null ? {} : { usual: { rises: before.rises, ageS } };
}

/** So many processes tell enough of the routes that they leak by. */
const MOST_JOINED = 8;

/** The requests by route of all processes that share in the growth of a version: their mixes differ, and tell routes apart. */
function tableOf(
  members: ReadonlyMap<string, GroupMember>,
  release: Release,
  lastOf: ReadonlyMap<SeriesJudge, Release>,
): RouteTable | null {
  const tables = [...members].flatMap(([name, { judge }]) =>
    lastOf.get(judge) === release && release.pool.member(name)?.stance === 'shares' ? (judge.routeTable ?? []) : [],
  );
  if (tables.length === 0) return null;
  const joined = new RouteTable({ rows: 32 * Math.min(MOST_JOINED, tables.length) });
  for (const table of tables.slice(0, MOST_JOINED)) joined.join(table);
  return joined;
}

/** How a version grows beside the one before it; null where nothing can be compared. */
function versionsText(release: Release | null): string | null {
  const older = release?.before?.ages ?? null;
  const newer = release?.ages ?? null;
  if (release === null || older === null || newer === null) return null;
  const { verdict, difference, sentence } = compareVersions(older, newer);
  if (verdict === 'open' || difference === null) return null;
  const name = (version: string | null): string => (version === null ? 'no version' : printable(version));
  return `${name(release.version)} beside ${name(release.before?.version ?? null)}: ${sentence}`;
}

/** The rows of all members in the order of time; those of one time in the order of the members. */
function* inOrder(members: ReadonlyMap<string, GroupMember>): Generator<SeriesRow> {
  const heads = [...members].map(([name, { rows }]) => {
    const sorted = rows.sorted(name);
    return { sorted, next: sorted.next() };
  });
  for (;;) {
    let first: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (head.next.done === true) continue;
      if (first === null || first.next.done === true || head.next.value.timeS < first.next.value.timeS) first = head;
    }
    if (first === null || first.next.done === true) return;
    yield first.next.value;
    first.next = first.sorted.next();
  }
}
