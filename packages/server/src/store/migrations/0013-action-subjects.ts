import type { Kysely, Migration } from 'kysely';

/** What else than a version an action is about: a flag, a route, a heap limit. */
export function actionSubjectsMigration(): Migration {
  return {
    up: async (db) => {
      await (db as Kysely<unknown>).schema.alterTable('actions').addColumn('subject', 'text').execute();
    },
  };
}
