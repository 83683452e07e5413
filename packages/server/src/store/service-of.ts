/** Which service is meant where only labels name it. */
import type { Transaction } from 'kysely';
import type { ServiceName } from '../changes/change.ts';
import type { Schema, ServiceRow } from './schema.ts';

/**
 * The service that is known by this name. Monitoring and agents seldom know the same of a service: where one of them does
 * not tell namespace or environment, the other's counts, as long as that leaves one service. Undefined where none or
 * several are left.
 */
export async function findService(
  db: Transaction<Schema>,
  { service, namespace, environment }: ServiceName,
): Promise<ServiceRow | undefined> {
  const namesakes = await db.selectFrom('services').selectAll().where('name', '=', service).limit(1000).execute();
  const exact = namesakes.find((row) => row.namespace === namespace && row.environment === environment);
  if (exact !== undefined) return exact;
  const fits = (known: string, told: string): boolean => known === '' || told === '' || known === told;
  const left = namesakes.filter((row) => fits(row.namespace, namespace) && fits(row.environment, environment));
  return left.length === 1 ? left[0] : undefined;
}

/** The service of this name, made where it is not known and there is room; null where there is none. */
export async function findOrMakeService(
  db: Transaction<Schema>,
  name: ServiceName,
  { nowMs, mostServices }: { nowMs: number; mostServices: number },
): Promise<number | null> {
  const known = await findService(db, name);
  if (known !== undefined) return known.id;
  const { count } = await db
    .selectFrom('services')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count >= mostServices) return null;
  const { service, namespace, environment } = name;
  await db
    .insertInto('services')
    .values({ name: service, namespace, environment, first_seen_ms: nowMs })
    .onConflict((conflict) => conflict.columns(['name', 'namespace', 'environment']).doNothing())
    .execute();
  const made = await findService(db, name);
  return made?.id ?? null;
}
