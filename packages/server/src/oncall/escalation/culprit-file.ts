import type { Kysely } from 'kysely';
import { findingsOf } from '../../findings/finding-store.ts';
import type { Schema } from '../../store/schema.ts';

/** What was found shortly before an incident opened is about it, too. */
const beforeMs = 24 * 3_600_000;

/**
 * The file that holds an incident's memory, by its path in the repository: of the finding that was told last, one that
 * is proven before one that is not. Null while nobody knows it.
 */
export async function culpritFileOf(
  db: Kysely<Schema>,
  { service_id: serviceId, opened_ms: openedMs }: { service_id: number; opened_ms: number },
): Promise<string | null> {
  const findings = await findingsOf(db, serviceId, { sinceMs: openedMs - beforeMs });
  const located = findings.flatMap(({ confirmed, holder, insertedAt }) => {
    const file = holder.location?.repoPath ?? insertedAt?.repoPath ?? null;
    return file === null ? [] : [{ confirmed, file }];
  });
  return (located.find(({ confirmed }) => confirmed) ?? located[0])?.file ?? null;
}
