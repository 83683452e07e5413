import type { Kysely, Migration } from 'kysely';

/** The captures that a finding rests on stand with it: the timeline tells when a process was looked into. */
export function capturesMigration(): Migration {
  return {
    up: async (db) => {
      const { schema } = db as Kysely<unknown>;
      await schema
        .alterTable('findings')
        .addColumn('captures', 'text', (column) => column.notNull().defaultTo('[]'))
        .execute();
    },
  };
}
