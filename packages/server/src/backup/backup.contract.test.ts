// A backup is made while the server works, and a server on what was restored answers the same; from and to both databases.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tellFleet } from '../fixtures/fleet.ts';
import { startCluster, type Cluster } from '../fixtures/postgres.ts';
import { startSmallDisk } from '../fixtures/small-disk.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startServer, type Server } from '../server.ts';
import { openDatabase, sqliteFile, type DatabasePlace } from '../store/database.ts';
import { backUp } from './back-up.ts';
import { restore } from './restore.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-backup-test-'));
let cluster: Cluster;
let made = 0;
beforeAll(() => {
  cluster = startCluster();
});
afterAll(() => {
  cluster.remove();
  rmSync(folder, { recursive: true, force: true });
});
const emptyPlace = (engine: 'sqlite' | 'postgres'): DatabasePlace => {
  made += 1;
  return engine === 'sqlite' ? { directory: join(folder, `data${made}`) } : { url: cluster.makeDatabase() };
};

const nowMs = Date.now();
const start = async (database: DatabasePlace): Promise<Server> =>
  await startServer({ database, port: 0, now: () => nowMs });

/** Everything that a server tells. */
async function answersOf(server: Server, token: string): Promise<unknown> {
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
    return [path, response.status, await response.json()];
  };
  const services = (await get('/api/v1/services')) as [string, number, { id: number }[]];
  const answers: unknown[] = [services, await get('/api/v1/incidents?open=false'), await get('/api/v1/tokens')];
  answers.push(await get('/api/v1/users'), await get('/api/v1/audit'));
  for (const { id } of services[2]) answers.push(await get(`/api/v1/services/${id}/processes`));
  for (let id = 1; id <= 30; id++)
    answers.push(await get(`/api/v1/processes/${id}/samples`), await get(`/api/v1/processes/${id}/verdicts`));
  return answers;
}

describe.each(['sqlite', 'postgres'] as const)('of %s', (engine) => {
  const file = join(folder, `${engine}.backup`);
  let place: DatabasePlace;
  let server: Server;
  let tokens: { admin: string; agent: string };
  let answers: unknown;
  beforeAll(async () => {
    place = emptyPlace(engine);
    server = await start(place);
    tokens = server.firstTokens ?? { admin: '', agent: '' };
    await tellFleet(server.url, tokens.agent, nowMs);
    // Judged by the server: its state is bytes.
    await send(server, otlpJson(nowMs, { service: 'judged here' }));
    await fetch(`${server.url}/api/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.admin}` },
      body: JSON.stringify({ name: 'ada', role: 'admin', password: 'correct horse battery' }),
    });
    for (;;) {
      answers = await answersOf(server, tokens.admin);
      if ((answers as [unknown, [string, number, unknown[]]])[1][2].length >= 3) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await backUp(place, file);
  });
  afterAll(async () => await server.close());
  const send = async (to: Server, body: object): Promise<number> =>
    (
      await fetch(`${to.url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.agent}` },
        body: JSON.stringify(body),
      })
    ).status;

  test('it is one file that only its owner reads, with nothing beside it', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(
      readdirSync(folder).filter((name) => name.startsWith('.ebb') || name.startsWith(`${engine}.backup-`)),
    ).toEqual([]);
    expect(readFileSync(file).subarray(0, 15).toString()).toBe('SQLite format 3');
  });

  test.each(['sqlite', 'postgres'] as const)(
    'restored to %s, a server answers the same and goes on',
    async (target) => {
      const to = emptyPlace(target);
      await restore(file, to);
      const restored = await start(to);
      expect(restored.firstTokens).toBeNull();
      expect(await answersOf(restored, tokens.admin)).toEqual(answers);
      // Keys go on behind those that came along.
      expect(await send(restored, otlpJson(nowMs, { service: 'after the restore', instance: 'new' }))).toBe(200);
      const logIn = await fetch(`${restored.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'ada', password: 'correct horse battery' }),
      });
      expect(logIn.status).toBe(204);
      await restored.close();
      if ('directory' in to) expect(statSync(join(to.directory, sqliteFile)).mode & 0o777).toBe(0o600);
    },
  );

  test('it is of one moment, while reports come in', async () => {
    let stop = false;
    let sent = 0;
    const sending = (async () => {
      while (!stop) {
        await send(
          server,
          otlpJson(nowMs - 3_600_000 + sent * 1000, { service: 'busy', verdict: sent % 2 ? 'leak' : 'clean' }),
        );
        sent += 1;
      }
    })();
    const during = join(folder, `${engine}-during.backup`);
    await backUp(place, during);
    stop = true;
    await sending;
    const opened = new DatabaseSync(during, { readOnly: true });
    // What is known last of a process and its newest sample are of one transaction.
    const torn = opened
      .prepare(
        `select p.id from processes p where last_seen_ms <> (select max(time_ms) from samples s where s.process_id = p.id)`,
      )
      .all();
    opened.close();
    expect(torn).toEqual([]);
    expect(sent).toBeGreaterThan(0);
  });

  test('what is there is not replaced: neither a file, nor a database', async () => {
    await expect(backUp(place, file)).rejects.toMatchObject({ code: 'EBB_SERVER_BACKUP_FILE', exitCode: 2 });
    const before = await answersOf(server, tokens.admin);
    await expect(restore(file, place)).rejects.toMatchObject({ code: 'EBB_SERVER_NOT_EMPTY', exitCode: 2 });
    expect(await answersOf(server, tokens.admin)).toEqual(before);
  });

  test('a backup that was cut off, or changed, is refused, and leaves nothing', async () => {
    const bytes = readFileSync(file);
    for (const [name, content] of [
      ['cut', bytes.subarray(0, bytes.length - 4096)],
      ['short', bytes.subarray(0, 40)],
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('not a database, whatever its name says'.repeat(10))],
      ['foreign', foreignDatabase()],
      ['torn', Buffer.concat([bytes.subarray(0, 8192), Buffer.alloc(8192, 0x5a), bytes.subarray(16_384)])],
    ] as const) {
      const wrong = join(folder, `${engine}-${name}`);
      writeFileSync(wrong, content);
      const to = emptyPlace('sqlite') as { directory: string };
      await expect(restore(wrong, to), name).rejects.toMatchObject({ code: 'EBB_SERVER_BACKUP_DAMAGED' });
      expect(existsSync(to.directory), name).toBe(false);
    }
    await expect(restore(join(folder, 'nowhere'), emptyPlace('sqlite'))).rejects.toMatchObject({
      code: 'EBB_SERVER_BACKUP_FILE',
    });
  });

  test('a backup of a newer Ebb is refused', async () => {
    const newer = join(folder, `${engine}-newer`);
    writeFileSync(newer, readFileSync(file));
    const opened = new DatabaseSync(newer);
    opened.exec("insert into kysely_migration (name, timestamp) values ('9999-later', '2030')");
    opened.close();
    const to = emptyPlace(engine);
    await expect(restore(newer, to)).rejects.toMatchObject({ code: 'EBB_SERVER_NEWER_DATABASE' });
  });

  test('one of an older Ebb is brought up to date on the way', async () => {
    const older = emptyPlace(engine);
    const first = '0001-processes';
    const database = await openDatabase(older, first);
    await database.query
      .insertInto('services')
      .values({ name: 'old', namespace: '', environment: '', first_seen_ms: 1 })
      .execute();
    await database.close();
    const backup = join(folder, `${engine}-older`);
    await backUp(older, backup);
    const to = emptyPlace(engine);
    await restore(backup, to);
    const now = await openDatabase(to);
    expect(await now.query.selectFrom('services').select('name').execute()).toEqual([{ name: 'old' }]);
    expect(await now.query.selectFrom('users').selectAll().execute()).toEqual([]);
    await now.close();
  });
});

test.each(['sqlite', 'postgres'] as const)(
  'a backup of %s for which the disk has no room is told, and leaves nothing',
  async (engine) => {
    const place = emptyPlace(engine);
    await (await openDatabase(place)).close();
    const target = mkdtempSync(join(folder, 'full-'));
    const disk = startSmallDisk(target, { bytes: 200_000 });
    try {
      // By a program that sees the disk.
      const code = `
      const { backUp } = await import(${JSON.stringify(new URL('./back-up.ts', import.meta.url).href)});
      const told = await backUp(${JSON.stringify(place)}, ${JSON.stringify(join(target, 'x.backup'))}).catch((error) => error);
      console.log(JSON.stringify([told.code, told.message]));`;
      const [command, ...words] = [...disk.enter, process.execPath, '--input-type=module', '-e', code];
      const [told, message] = JSON.parse(execFileSync(command, words, { encoding: 'utf8' })) as [string, string];
      expect(told).toBe('EBB_SERVER_BACKUP_FILE');
      expect(message).toMatch(/disk is full/);
      expect(readdirSync(disk.outside)).toEqual([]);
    } finally {
      disk.remove();
    }
  },
);

test('a restore for which the disk has no room is told, and leaves nothing', async () => {
  const place = emptyPlace('sqlite');
  await (await openDatabase(place)).close();
  const backup = join(folder, 'to restore');
  await backUp(place, backup);
  const target = mkdtempSync(join(folder, 'full-'));
  const disk = startSmallDisk(target, { bytes: 200_000 });
  try {
    const to = { directory: join(target, 'data') };
    const code = `
      const { restore } = await import(${JSON.stringify(new URL('./restore.ts', import.meta.url).href)});
      const told = await restore(${JSON.stringify(backup)}, ${JSON.stringify(to)}).catch((error) => error);
      console.log(JSON.stringify([told.code, told.message]));`;
    const [command, ...words] = [...disk.enter, process.execPath, '--input-type=module', '-e', code];
    const [told, message] = JSON.parse(execFileSync(command, words, { encoding: 'utf8' })) as [string, string];
    expect(told).toBe('EBB_SERVER_DATA_DIRECTORY');
    expect(message).toMatch(/no space left|disk is full/i);
    expect(existsSync(join(disk.outside, 'data', sqliteFile))).toBe(false);
  } finally {
    disk.remove();
  }
});

test('where there is no database, or no way to the file, nothing is made', async () => {
  const file = join(folder, 'none.backup');
  await expect(backUp(emptyPlace('sqlite'), file)).rejects.toMatchObject({ code: 'EBB_SERVER_DATA_DIRECTORY' });
  await expect(backUp({ url: cluster.makeDatabase() }, file)).rejects.toMatchObject({ code: 'EBB_SERVER_DATABASE' });
  const inFile = join(folder, 'a file');
  writeFileSync(inFile, '');
  truncateSync(inFile);
  await expect(backUp(emptyPlace('sqlite'), join(inFile, 'x'))).rejects.toMatchObject({
    code: 'EBB_SERVER_BACKUP_FILE',
  });
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith('.ebb'))).toEqual([]);
});

function foreignDatabase(): Buffer {
  const file = join(folder, 'foreign.sqlite');
  rmSync(file, { force: true });
  const opened = new DatabaseSync(file);
  opened.exec('create table books (title text)');
  opened.close();
  return readFileSync(file);
}
