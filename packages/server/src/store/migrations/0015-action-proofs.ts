import type { Kysely, Migration } from 'kysely';

/** Whether an action helped stands with it, and not on the timeline alone. */
export function actionProofsMigration(): Migration {
  return {
    up: async (db) => {
      const { schema } = db as Kysely<unknown>;
      await schema.alterTable('actions').addColumn('proof', 'text').execute();
      await schema
        .alterTable('actions')
        .addColumn('proof_over', 'integer', (column) => column.notNull().defaultTo(0))
        .execute();
    },
  };
}
