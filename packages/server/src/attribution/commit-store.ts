import type { Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import type { Schema } from '../store/schema.ts';
import { commitsSentence, type ToldCommits } from './commits.ts';

/** What was found in the repository, of an incident each; told again, it takes the place of what was told before. */
export class CommitStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes it down, and on the timeline what comes first, where it is something else than before. */
  async record(incidentId: number, told: ToldCommits, by: { name: string; nowMs: number }): Promise<void> {
    await this.#database.query.transaction().execute(async (db) => {
      const before = await commitsOf(db, incidentId);
      const row = { told_ms: by.nowMs, told_by: by.name, told: JSON.stringify(told) };
      await db
        .insertInto('incident_commits')
        .values({ incident_id: incidentId, ...row })
        .onConflict((conflict) => conflict.column('incident_id').doUpdateSet(row))
        .execute();
      const text = commitsSentence(told);
      if (before === null || commitsSentence(before) !== text)
        await appendEvent(db, incidentId, { timeMs: by.nowMs, kind: 'commit', text, actor: by.name });
    });
  }

  /** What is known; null while nobody has looked. */
  async find(incidentId: number): Promise<ToldCommits | null> {
    return await commitsOf(this.#database.query, incidentId);
  }
}

/** The same, within what somebody else reads. */
export async function commitsOf(db: Kysely<Schema>, incidentId: number): Promise<ToldCommits | null> {
  const row = await db
    .selectFrom('incident_commits')
    .select('told')
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.told) as ToldCommits);
}
