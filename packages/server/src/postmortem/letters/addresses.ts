/** Who is written to, by the on-call plan. */
import type { Kysely } from 'kysely';
import type { OnCallPlan } from '../../oncall/plan/plan.ts';
import type { Schema } from '../../store/schema.ts';

const addressForm = /^[^@\s<>,;]+@[^@\s<>,;]+$/;

/** The addresses of somebody: of a person of the plan, by either name; or what is an address itself. */
export function addressesOf({ people }: OnCallPlan, name: string): string[] {
  if (addressForm.test(name)) return [name];
  const person = people.get(name) ?? [...people.values()].find(({ fullName }) => fullName === name);
  const found = (person?.reach ?? []).flatMap(({ channel }) => (channel.type === 'email' ? [...channel.to] : []));
  return [...new Set(found.map(addressIn))];
}

/** `ebb@example.com` of `Ebb <ebb@example.com>`. */
export function addressIn<Told extends string | null>(from: Told): Told {
  return (from === null ? null : (/<([^<>]+)>$/.exec(from)?.[1] ?? from)) as Told;
}

/** The addresses of those who took part in an incident: who was paged, who had it, who has a role. */
export async function partakersOf(db: Kysely<Schema>, plan: OnCallPlan, incidentId: number): Promise<string[]> {
  const paged = await db.selectFrom('pages').select('person').where('incident_id', '=', incidentId).execute();
  const holders = await db
    .selectFrom('escalations')
    .select('holder as person')
    .where('incident_id', '=', incidentId)
    .execute();
  const acted = await db
    .selectFrom('incident_events')
    .select('actor as person')
    .distinct()
    .where('incident_id', '=', incidentId)
    .where('actor', 'is not', null)
    .execute();
  const names = [...paged, ...holders, ...acted].flatMap(({ person }) => person?.split(', ') ?? []);
  return [...new Set([...new Set(names)].flatMap((name) => addressesOf(plan, name)))].slice(0, mostInvited);
}

const mostInvited = 50;
