/** Schedules as they are told: with the overrides of the API. */
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { overridesAt, withOverrides, type ToldOverride } from '../overrides/override-store.ts';
import type { OnCallPlan } from '../plan/plan.ts';
import { warnings } from './look-ahead.ts';
import { shifts, type Shift } from './on-call.ts';

/** A shift as it is told. */
export interface ToldShift {
  fromMs: number;
  toMs: number;
  people: string[];
}

/** Who is on call in a schedule now, and who is next. */
export interface ScheduleNow {
  name: string;
  zone: string;
  now: string[];
  /** Null when nothing changes within a month. */
  untilMs: number | null;
  next: ToldShift | null;
}

/** A schedule over a span. */
export interface ScheduleSpan {
  name: string;
  zone: string;
  shifts: ToldShift[];
  warnings: { atMs: number; text: string }[];
  overrides: (Omit<ToldOverride, 'people'> & { people: string[] })[];
}

const aheadMs = 31 * 86_400_000;

/** All schedules of the plan. */
export async function schedulesNow(db: Kysely<Schema>, plan: OnCallPlan, nowMs: number): Promise<ScheduleNow[]> {
  const overrides = await overridesAt(db, nowMs);
  return [...plan.schedules.values()].map((schedule) => {
    const [current, next] = shifts(withOverrides(schedule, overrides), nowMs, nowMs + aheadMs);
    return {
      name: schedule.name,
      zone: schedule.clock.zone,
      now: [...(current?.people ?? [])],
      untilMs: next === undefined ? null : next.fromMs,
      next: next === undefined ? null : toldShift(next),
    };
  });
}

/** One schedule; undefined when the plan has none of the name. */
export async function spanOf(
  db: Kysely<Schema>,
  plan: OnCallPlan,
  name: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<ScheduleSpan | undefined> {
  const schedule = plan.schedules.get(name);
  if (schedule === undefined) return undefined;
  const overrides = await overridesAt(db, fromMs);
  const whole = withOverrides(schedule, overrides);
  return {
    name,
    zone: schedule.clock.zone,
    shifts: shifts(whole, fromMs, toMs).map(toldShift),
    warnings: warnings(whole, fromMs, toMs).map(({ atMs, text }) => ({ atMs, text })),
    overrides: (overrides.get(name) ?? []).map((one) => ({ ...one, people: [...one.people] })),
  };
}

function toldShift({ fromMs, toMs, people }: Shift): ToldShift {
  return { fromMs, toMs, people: [...people] };
}
