import type { Kysely, Migration } from 'kysely';

/** Who is not invited to a review any more, and why one is dropped: they hear of it by mail. */
export function reviewCancellationsMigration(): Migration {
  return {
    up: async (db) => {
      const { schema } = db as Kysely<unknown>;
      await schema
        .alterTable('reviews')
        .addColumn('uninvited', 'text', (column) => column.notNull().defaultTo('{}'))
        .execute();
      await schema.alterTable('reviews').addColumn('dropped_why', 'text').execute();
    },
  };
}
