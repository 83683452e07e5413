// One suite for both databases: how long it is known who did what.
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { openDatabase, type Database } from './database.ts';
import { refusal } from './forget-audit.ts';
import { tidy } from './retention.ts';
import { TokenStore } from './tokens.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 10, 21);
const retention = { samplesMs: 2 * day, hoursMs: 90 * day, mostProcesses: 1000, mostServices: 10 };

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let database: Database;
  let tokens: TokenStore;
  beforeEach(async () => {
    database = await openDatabase(emptyPlace());
    tokens = new TokenStore(database.query, engine);
    return async () => await database.close();
  });
  const actions = async (): Promise<string[]> => (await tokens.auditLog(1000)).map(({ detail }) => detail).toReversed();

  test('what was done is known for two years, what was refused for ninety days', async () => {
    await tokens.audit('ada', 'token.create', 'made', start);
    await tokens.audit('unknown', refusal, 'refused', start);
    await tokens.audit('ada', 'user.add', 'added', start + day);
    await tidy(database, start + 90 * day, retention);
    expect(await actions()).toEqual(['made', 'refused', 'added']);
    await tidy(database, start + 90 * day + 1, retention);
    expect(await actions()).toEqual(['made', 'added']);
    await tidy(database, start + 730 * day + 1, retention);
    expect(await actions()).toEqual(['added']);
  });

  test('however much is refused, the newest of it is kept, and nothing that was done makes room for it', async () => {
    await tokens.audit('ada', 'token.create', 'made', start);
    const row = { time_ms: start, actor: 'unknown', action: refusal, detail: 'guess' };
    for (let i = 0; i < 41; i++)
      await database.query
        .insertInto('audit')
        .values(Array.from({ length: 5000 }, () => row))
        .execute();
    await tokens.audit('unknown', refusal, 'the newest', start + 1);
    await tidy(database, start + 2, retention);
    const { count } = await database.query
      .selectFrom('audit')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(200_000 + 1);
    const [newest] = await tokens.auditLog(1);
    expect(newest.detail).toBe('the newest');
    const done = await database.query.selectFrom('audit').select('detail').where('action', '!=', refusal).execute();
    expect(done).toEqual([{ detail: 'made' }]);
  });
});
