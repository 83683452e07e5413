// One suite for both databases: how long it is known what monitoring told, and what was changed.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NewChange } from '../changes/change.ts';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { readAlertmanager } from '../ingest/alertmanager.ts';
import { ChangeStore } from './changes.ts';
import { openDatabase, type Database } from './database.ts';
import { tidy } from './retention.ts';
import { SignalStore } from './signals.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 10, 21);
const retention = { samplesMs: 2 * day, hoursMs: 90 * day, mostProcesses: 1000, mostServices: 10 };
const service = { service: 'shop', namespace: '', environment: '' };

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let database: Database;
  beforeEach(async () => {
    database = await openDatabase(emptyPlace());
    return async () => await database.close();
  });
  const count = async (table: 'signals' | 'changes' | 'services'): Promise<number> => {
    const all = database.query.selectFrom(table).select((select) => select.fn.countAll<number>().as('rows'));
    return (await all.executeTakeFirstOrThrow()).rows;
  };
  const change = (timeMs: number): NewChange => ({
    ...{ service, timeMs, timeTold: true, kind: 'deploy', summary: `at ${timeMs}`, source: 'ci' },
    ...{ version: null, revision: null, links: [] },
  });
  async function tell(nowMs: number): Promise<void> {
    const labels = { alertname: 'HighCPU', service: 'shop' };
    const alert = {
      status: 'resolved',
      labels,
      startsAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs).toISOString(),
    };
    const { alerts } = readAlertmanager({ version: '4', alerts: [alert] }, nowMs);
    await new SignalStore(database, { mostServices: 10 }).record(alerts, nowMs);
    await new ChangeStore(database, { mostServices: 10 }).record(change(nowMs));
  }

  test('both are known for ninety days, and the service as long as either is', async () => {
    await tell(start);
    await tell(start + day);
    await tidy(database, start + 90 * day, retention);
    expect([await count('signals'), await count('changes')]).toEqual([2, 2]);
    await tidy(database, start + 90 * day + 1, retention);
    expect([await count('signals'), await count('changes'), await count('services')]).toEqual([1, 1, 1]);
    await tidy(database, start + 91 * day + 1, retention);
    await tidy(database, start + 91 * day + 2, retention);
    expect([await count('signals'), await count('changes'), await count('services')]).toEqual([0, 0, 0]);
  });

  test('however much is told, the newest 200,000 of each are kept', async () => {
    await tell(start);
    const { id: serviceId } = await database.query.selectFrom('services').select('id').executeTakeFirstOrThrow();
    for (const table of ['signals', 'changes'] as const) {
      const { id: _first, ...row } = await database.query.selectFrom(table).selectAll().executeTakeFirstOrThrow();
      for (let i = 0; i < 101; i++) {
        const rows = Array.from({ length: 2000 }, (_, j) => ({ ...row, key: `${i} ${j}`, content_hash: `${i} ${j}` }));
        const values = rows.map(({ key, content_hash: hash, ...rest }) =>
          table === 'signals' ? { ...rest, key } : { ...rest, content_hash: hash },
        );
        await database.query.insertInto(table).values(values).execute();
      }
    }
    await tell(start + 1);
    await tidy(database, start + 2, retention);
    expect([await count('signals'), await count('changes')]).toEqual([200_000, 200_000]);
    const changes = await new ChangeStore(database, { mostServices: 10 }).list({
      ...{ serviceId, fromMs: start + 1, toMs: start + 2, most: 10 },
    });
    expect(changes.map(({ summary }) => summary)).toEqual([`at ${start + 1}`]);
  });
});
