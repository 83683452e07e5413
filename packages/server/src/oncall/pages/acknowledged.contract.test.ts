// One suite for both databases: who acknowledges in Ebb stops the pagers, and rooms see who has it.
import { beforeEach, describe, expect, test } from 'vitest';
import { clean, leak } from '../../fixtures/alert-stage.ts';
import { sceneStartMs, startScene, type Scene } from '../../fixtures/alert-scene.ts';
import { emptyPlaces, engines } from '../../fixtures/empty-places.ts';
import { readPlanText } from '../../fixtures/oncall-stage.ts';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import { openDatabase } from '../../store/database.ts';

const environment = { EBB_ADA: 'key-of-ada', EBB_TEAM: 'key-of-team' };
const rulesText = ({ url }: FakeReceiver): string => `
routes: [{ to: [room, pager, hook] }]
receivers:
  room: { slack: { url: "${url}/room" } }
  pager: { pagerduty: { url: "${url}/pager", secret_env: EBB_TEAM } }
  hook: { webhook: { url: "${url}/hook" } }
`;
const planText = ({ url }: FakeReceiver): string => `
people:
  ada: { reach: [{ pagerduty: { url: "${url}/ada", secret_env: EBB_ADA } }] }
policies: { default: { steps: [{ to: [{ person: ada }], wait: 10m }], acknowledged_for: 30m } }
routes: [{ policy: default }]
`;

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let receiver: FakeReceiver;
  let scene: Scene;
  beforeEach(async () => {
    const database = await openDatabase(emptyPlace());
    receiver = await startReceiver();
    const plan = readPlanText(planText(receiver));
    scene = await startScene(database, rulesText(receiver), environment, sceneStartMs, plan);
    return async () => {
      await receiver.close();
      await database.close();
    };
  });

  /** What came since it was asked last, in words; the room's lines as they are. */
  const heard = (): string[] => {
    const lines = receiver.told.map(({ path, json }) =>
      path === '/room'
        ? `room: ${(json.blocks[0].text.text as string).split('\n')[1]}`
        : path === '/hook'
          ? `hook: ${json.incidents[0].change}`
          : `${path.slice(1)}: ${json.event_action} ${(json.dedup_key as string).replace(/^(ebb-incident-1)-[a-z0-9]{8}/, '$1')}`,
    );
    receiver.told.length = 0;
    return lines.sort();
  };

  test('at 0 a page; at 5 acknowledged, with the same key; at 35 that is over, and it rings anew; at 36 and for good', async () => {
    await scene.at(0, leak(1800));
    expect(heard().filter((line) => !line.startsWith('room'))).toEqual([
      'ada: trigger ebb-incident-1',
      'hook: opened',
      'pager: trigger ebb-incident-1',
    ]);
    await scene.at(5, leak(1800));
    await scene.responders.acknowledge(1, { by: 'ada' });
    await scene.at(5, leak(1800));
    // No webhook is told: some would ring.
    expect(heard()).toEqual([
      'ada: acknowledge ebb-incident-1',
      'pager: acknowledge ebb-incident-1',
      'room: acknowledged by ada, until 12:35 UTC: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 30 minutes away',
    ]);
    // Taking longer is no news.
    await scene.responders.acknowledge(1, { by: 'ada' });
    await scene.at(34, leak(1800));
    expect(heard()).toEqual([]);
    await scene.at(35, leak(1800));
    expect(heard()).toEqual(['ada: trigger ebb-incident-1-2']);
    await scene.responders.acknowledge(1, { by: 'ada' });
    await scene.at(36, clean());
    expect(heard().filter((line) => !line.startsWith('room'))).toEqual([
      'ada: acknowledge ebb-incident-1-2',
      'pager: acknowledge ebb-incident-1',
    ]);
    await scene.at(51, clean());
    expect(heard().filter((line) => !line.startsWith('room'))).toEqual([
      'ada: resolve ebb-incident-1',
      'ada: resolve ebb-incident-1-2',
      'hook: resolved',
      'pager: resolve ebb-incident-1',
    ]);
    const told = (await scene.timeline(1)).filter((line) => line.includes('(acknowledged)'));
    expect(told.sort()).toEqual([
      '36 notified: ada by pagerduty was told (acknowledged)',
      '36 notified: pager was told (acknowledged)',
      '36 notified: room was told (acknowledged)',
      '5 notified: ada by pagerduty was told (acknowledged)',
      '5 notified: pager was told (acknowledged)',
      '5 notified: room was told (acknowledged)',
    ]);
    expect(scene.errors).toEqual([]);
  });

  test('a pager that could not be told in time is not told of an acknowledgement that is over', async () => {
    await scene.at(0, leak(1800));
    receiver.answer = (told, response) =>
      void response.writeHead(told.json.event_action === 'acknowledge' ? 500 : 200).end();
    await scene.responders.acknowledge(1, { by: 'ada', forMs: 60_000 });
    await scene.at(0.1, leak(1800));
    await scene.at(0.9, leak(1800));
    heard();
    receiver.answer = (_told, response) => response.end();
    // It would be tried again after a while only: the page does not wait for it.
    await scene.at(1, leak(1800));
    // The page rings: the acknowledgement before it counts, whether or not it came.
    expect(heard()).toContain('ada: trigger ebb-incident-1-2');
    expect(heard()).toEqual([]);
  });
});
