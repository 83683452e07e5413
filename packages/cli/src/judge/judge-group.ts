import type { KeptRows } from './kept-rows.ts';
import type { SeriesRow } from './rows.ts';
import { SiblingPool } from './siblings.ts';
import { SERVICE_WARMUP_MS, WATCHED_S, WATCHED_WARMUP_MS, type SeriesJudge } from './series.ts';

/** A series of a sibling group: its judge, and its rows, which wait for those of its siblings. */
export interface GroupMember {
  readonly judge: SeriesJudge;
  readonly rows: KeptRows;
}

/** Judges the processes of one service in the order of time, each by itself and together with those of its version. */
export function judgeGroup(members: ReadonlyMap<string, GroupMember>, limitBytes: number | null): void {
  const pools = new Map<string, SiblingPool>();
  const hasFloors = [...members.values()].some(({ rows }) => rows.hasFloors);
  const intervalS = [...members.values()].map(({ rows }) => rows.firstIntervalS).find((seconds) => seconds > 0) ?? 60;
  const poolOf = (version: string | null): SiblingPool => {
    const key = version ?? '';
    let pool = pools.get(key);
    if (pool === undefined) {
      const warmupMs = intervalS < WATCHED_S ? WATCHED_WARMUP_MS : SERVICE_WARMUP_MS;
      pools.set(key, (pool = new SiblingPool({ kind: hasFloors ? 'floor' : 'rss', intervalS, warmupMs, limitBytes })));
    }
    return pool;
  };
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
    const pool = poolOf(row.version);
    pool.take(row.series, row);
    judge.siblings = () =>
      pool.judgement === null ? null : { judgement: pool.judgement, size: pool.size, shares: pool.shares(row.series) };
    judge.take(row);
    touched.add(judge);
  }
  settle();
  for (const { judge } of members.values()) judge.end();
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
