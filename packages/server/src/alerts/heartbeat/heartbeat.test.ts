import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startReceiver } from '../../fixtures/receiver.ts';
import { openDatabase } from '../../store/database.ts';
import { Heartbeat } from './heartbeat.ts';

test('a heart beats once an interval, and only where the database is read and the outbox is looked at', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-heartbeat-'));
  const database = await openDatabase({ directory: folder });
  const outside = await startReceiver();
  let nowMs = 1_000_000;
  let lastRoundMs: number | null = null;
  const heartbeat = new Heartbeat({
    database,
    rule: () => ({ url: { env: 'EBB_TEST_URL' }, everyMs: 60_000 }),
    environment: { EBB_TEST_URL: `${outside.url}/ping/secret-id` },
    timeoutMs: 2000,
    now: () => nowMs,
    lastRoundMs: () => lastRoundMs,
    onError: () => undefined,
  });
  await expect(heartbeat.beat()).rejects.toThrow('nobody looks at the outbox');
  nowMs += 60_000;
  lastRoundMs = nowMs;
  await heartbeat.beat();
  nowMs += 59_000;
  await heartbeat.beat();
  expect(outside.told).toHaveLength(1);
  nowMs += 1000;
  lastRoundMs = nowMs - 61_000;
  await expect(heartbeat.beat()).rejects.toThrow('nobody looks at the outbox');
  nowMs += 60_000;
  lastRoundMs = nowMs;
  outside.answer = (told, response) => void response.writeHead(404).end(`no check ${told.path}`);
  await expect(heartbeat.beat()).rejects.toThrow('the sign of life was not taken: status 404: no check [secret]');
  await database.close();
  nowMs += 60_000;
  lastRoundMs = nowMs;
  await expect(heartbeat.beat()).rejects.toThrow();
  expect(outside.told).toHaveLength(2);
  await outside.close();
  rmSync(folder, { recursive: true, force: true });
});
