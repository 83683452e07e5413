/**
 * News for those who follow live: appended in the transaction that brings it about, read by every server on the database,
 * kept for as long as somebody may come back for it.
 */
import type { Kysely } from 'kysely';
import { inPieces } from './in-pieces.ts';
import type { NewsRow, Schema } from './schema.ts';

/** A piece of news. */
export interface News {
  kind: NewsRow['kind'];
  serviceId: number;
  /** What is told of it; becomes JSON. */
  told: Readonly<Record<string, unknown>>;
}

/** So many of the newest are kept. */
const mostKept = 10_000;

/** Appends news. Part of the transaction that brings it about. */
export async function appendNews(db: Kysely<Schema>, news: readonly News[]): Promise<void> {
  await inPieces(news, async (piece) => {
    await db
      .insertInto('news')
      .values(piece.map(({ kind, serviceId, told }) => ({ kind, service_id: serviceId, told: JSON.stringify(told) })))
      .execute();
  });
}

/** The same of an incident, whose service the database knows: one statement, as it is on the way to each page. */
export async function appendIncidentNews(
  db: Kysely<Schema>,
  incidentId: number,
  told: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db
    .insertInto('news')
    .columns(['kind', 'service_id', 'told'])
    .expression((query) =>
      query
        .selectFrom('incidents')
        .select((select) => [
          select.val('incident' as const).as('kind'),
          'service_id',
          select.val(JSON.stringify({ incidentId, ...told })).as('told'),
        ])
        .where('id', '=', incidentId),
    )
    .execute();
}

/** Reads news, and forgets what is old. */
export class NewsReader {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** The ids of the oldest and the newest that is kept; 0 where there is none. */
  async bounds(): Promise<{ oldest: number; newest: number }> {
    const { oldest, newest } = await this.#db
      .selectFrom('news')
      .select((select) => [select.fn.min('id').as('oldest'), select.fn.max('id').as('newest')])
      .executeTakeFirstOrThrow();
    return { oldest: oldest ?? 0, newest: newest ?? 0 };
  }

  /** Those behind an id, in order; `most` of them. */
  async after(id: number, most: number): Promise<NewsRow[]> {
    return await this.#db.selectFrom('news').selectAll().where('id', '>', id).orderBy('id').limit(most).execute();
  }

  /** Forgets all but the newest. */
  async prune(): Promise<void> {
    const { newest } = await this.bounds();
    await this.#db
      .deleteFrom('news')
      .where('id', '<=', newest - mostKept)
      .execute();
  }
}
