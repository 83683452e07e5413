/** Processes with the agent in them die, on every Node, and the next one of the same service tells how. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, type ProcessRecord } from '@ebb/agent';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { fetchStatus, register, startHost, type Host, type HostSettings } from './lone-agent.ts';
import { canMakeGroups, inGroup } from './memory-group.ts';
import { makeWorkplace } from './run-program.ts';

const ebb = new URL('../../packages/cli/bin/ebb.js', import.meta.url).pathname;

interface Place {
  directory: string;
  records: string;
  start(program: string, settings?: HostSettings): Host;
  /** Starts a program with a heap of 60 MB that leaks once it is recorded. */
  startLeaking(): Promise<Host>;
  /** Waits until a running process has recorded what is wanted. */
  recorded(wanted: (record: ProcessRecord) => boolean): Promise<ProcessRecord>;
  /** Starts the service anew and waits for its line. */
  next(): Promise<Record<string, unknown>>;
}

/** Leaks as soon as it is told to. */
const leaking = `const kept = [];
  process.stdin.once('data', () => setInterval(() => { for (let i = 0; i < 10000; i++) kept.push({ i, a: [i] }); }, 10));`;
const serving = `const kept = [];
  require('node:http').createServer((req, res) => {
    if (req.url.startsWith('/fill')) { for (;;) kept.push({ a: [kept.length] }); }
    if (!req.url.startsWith('/hang')) res.end('ok');
  }).listen(0, '127.0.0.1', function () { console.log('port ' + this.address().port + '.'); });`;
const ending = `process.stdin.resume().on('end', () => process.exit(0));`;

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  const test = (
    name: string,
    run: (place: Place, expect: typeof import('vitest').expect) => Promise<void>,
    { skip = false } = {},
  ): void => {
    it.concurrent(name, { timeout: 120_000, skip }, async ({ expect }) => {
      const workplace = makeWorkplace();
      const { directory } = workplace;
      const records = join(directory, 'records');
      const hosts: Host[] = [];
      const start = (program: string, settings: HostSettings = {}): Host => {
        writeFileSync(join(directory, 'program.cjs'), program);
        const env = { EBB_RECORD_DIR: records, EBB_SAMPLE_INTERVAL: '20', ...settings.env };
        const host = startHost(node, directory, { ...settings, env });
        hosts.push(host);
        return host;
      };
      const recorded: Place['recorded'] = async (wanted) => {
        for (;;) {
          const found = files(records)
            .map((file) => read(join(records, file)))
            .find((record) => record !== null && wanted(record));
          if (found !== undefined && found !== null) return found;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      const startLeaking = async (): Promise<Host> => {
        const host = start(leaking, { flags: ['--max-old-space-size=60', '--import', register] });
        await recorded(({ samples }) => samples.length > 0);
        host.child.stdin.write('go');
        return host;
      };
      const next = async (): Promise<Record<string, unknown>> => {
        const host = start(ending);
        await recorded(({ pid, samples }) => pid === host.child.pid && samples.length > 0);
        host.child.stdin.end();
        expect(await host.ended).toBe(0);
        const told = host.told();
        expect(told).toHaveLength(1);
        return told[0] ?? {};
      };
      try {
        await run({ directory, records, start, startLeaking, recorded, next }, expect);
      } finally {
        for (const { child } of hosts) child.kill('SIGKILL');
        workplace.remove();
      }
    });
  };

  test('a heap that was exhausted is told with how full it was and since when it grew', async (place, expect) => {
    const host = await place.startLeaking();
    expect(['SIGABRT', 'SIGTRAP', 'SIGILL', 134]).toContain(await host.ended);
    const line = await place.next();
    expect(line).toMatchObject({
      level: 'error',
      code: 'EBB_AGENT_LAST_END',
      cause: 'heap-limit',
      endedPid: host.child.pid,
      heapLimitBytes: 60 * 2 ** 20,
      growingSince: expect.stringMatching(/^20.*Z$/) as string,
    });
    expect(line['message']).toMatch(
      /^The process before this one \(\d+\) ran out of memory: its heap stood at (?:[89]\d|1\d\d) % of its limit \(60 MB\), growing since .* UTC by .* a (second|minute).*ebb logs .*ended-.*\.ebb shows.*ebb watch/,
    );
    expect(line['heapUsedBytes']).toBeGreaterThan(48 * 2 ** 20);
  });

  test('a process that was killed while memory was not short is told without alarm, once, with the request in flight', async (place, expect) => {
    const host = place.start(serving);
    const port = await host.printed(/port (\d+)\./);
    await place.recorded(({ samples }) => samples.length > 0);
    await fetchStatus(port, '/users/7');
    void fetchStatus(port, '/hang/secret%20word?token=secret').catch(() => undefined);
    await place.recorded(({ standing }) => standing.some(({ text }) => text.includes('/hang')));
    host.child.kill('SIGKILL');
    await host.ended;
    const [file] = files(place.records);
    expect(statSync(join(place.records, file)).mode & 0o777).toBe(0o600);
    expect(statSync(place.records).mode & 0o777).toBe(0o700);
    const line = await place.next();
    expect(line).toMatchObject({
      level: 'info',
      cause: 'killed',
      sure: false,
      inFlight: [{ request: 'GET /hang/:id' }],
      others: 0,
    });
    expect(JSON.stringify(line)).not.toContain('secret');
    expect(line['message']).toMatch(
      /ended by a signal that it does not handle.*Memory was not short.*in flight: GET \/hang\/:id/,
    );
    const after = place.start(ending);
    await place.recorded(({ pid, samples }) => pid === after.child.pid && samples.length > 0);
    expect(after.told()).toEqual([]);
  });

  test(
    'a process that the kernel killed for want of memory is told so, with how full its container was',
    async (place, expect) => {
      await inGroup(200 * 2 ** 20, async (group) => {
        const host = place.start(`const kept = [];
          process.stdin.once('data', () => setInterval(() => kept.push(Buffer.alloc(1e6, 1)), 10));`);
        // The agent comes in later, and what is taken from now on counts.
        writeFileSync(group.processesFile, String(host.child.pid));
        await place.recorded(({ samples }) => samples.length > 0);
        host.child.stdin.write('go');
        expect(await host.ended).toBe('SIGKILL');
        expect(group.kills()).toBe(1);
        const line = await place.next();
        expect(line).toMatchObject({ level: 'error', cause: 'killed-for-memory', rssLimitBytes: 200 * 2 ** 20 });
        expect(line['message']).toMatch(
          /was killed, most likely for want of memory: RSS stood at \d+ % of the container's limit \(200 MB\)/,
        );
      });
    },
    { skip: !canMakeGroups() },
  );

  test(
    'a process that filled its container in one go is told by what the kernel has counted',
    async (place, expect) => {
      await inGroup(200 * 2 ** 20, async (group) => {
        // As where something in the container starts the next one.
        const startInside = async (program: string): Promise<Host> => {
          const host = place.start(program);
          writeFileSync(group.processesFile, String(host.child.pid));
          await place.recorded(({ pid, samples }) => pid === host.child.pid && samples.length > 0);
          return host;
        };
        const toldBy = async ({ told }: Host): Promise<Record<string, unknown>[]> => {
          while (told().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
          return told();
        };
        const host = await startInside(`process.stdin.once('data', () => Buffer.alloc(5e8, 1));`);
        host.child.stdin.write('go');
        expect(await host.ended).toBe('SIGKILL');
        const after = await startInside(ending);
        expect(await toldBy(after)).toMatchObject([{ level: 'error', cause: 'killed-for-memory', sure: false }]);
        expect(after.told()[0]?.['message']).toMatch(
          /want of memory: the kernel has killed in its container, and at the last look RSS stood at \d+ % of the container's limit/,
        );
        // Who is killed otherwise, then, is not told so.
        after.child.kill('SIGKILL');
        await after.ended;
        const last = await startInside(ending);
        expect(await toldBy(last)).toMatchObject([{ level: 'info', cause: 'killed' }]);
        last.child.kill('SIGKILL');
        await last.ended;
      });
    },
    { skip: !canMakeGroups() },
  );

  test('the request that filled the heap in one go is known', async (place, expect) => {
    const host = place.start(serving, { flags: ['--max-old-space-size=50', '--require', register] });
    const port = await host.printed(/port (\d+)\./);
    await place.recorded(({ samples }) => samples.length > 0);
    await fetchStatus(port, '/users/7');
    await fetchStatus(port, '/fill/42').catch(() => undefined);
    await host.ended;
    const line = await place.next();
    expect(line).toMatchObject({ code: 'EBB_AGENT_LAST_END', inFlight: [{ request: 'GET /fill/:id' }] });
  });

  const uncaught: [name: string, program: string, wanted: Record<string, unknown>, message: RegExp][] = [
    [
      'a buffer that cannot be had',
      `setTimeout(() => new ArrayBuffer(2 ** 45), 1);`,
      { error: 'RangeError', errorCode: null },
      /Memory ran out: .*\(Array buffer allocation failed\)/,
    ],
    [
      'an operation that is out of memory',
      `setTimeout(() => { throw Object.assign(new Error('secret'), { code: 'ERR_OUT_OF_MEMORY' }); }, 1);`,
      { error: 'Error', errorCode: 'ERR_OUT_OF_MEMORY' },
      /Memory ran out: .*\(ERR_OUT_OF_MEMORY\)/,
    ],
    [
      'a worker at its limit',
      `new (require('node:worker_threads').Worker)('const a = []; for (;;) a.push({ x: [1] })',
        { eval: true, resourceLimits: { maxOldGenerationSizeMb: 10 } });`,
      { errorCode: 'ERR_WORKER_OUT_OF_MEMORY' },
      /Memory ran out/,
    ],
    [
      'an error while the heap is nearly full',
      `globalThis.kept = [];
       for (let i = 0; i < 10; i++) kept.push(new Array(2.08e6).fill(i)); // few collections, which V8 would give up after
       setTimeout(() => null['secret'], 500);`,
      { error: 'TypeError' },
      /while memory was short: the heap stood at (?:[89]\d|1\d\d) % of its limit/,
    ],
  ];
  for (const [name, program, wanted, message] of uncaught) {
    test(`${name}, not caught, is told at once and not again, and the record stays`, async (place, expect) => {
      const host = place.start(`process.stdin.once('data', () => { ${program} });`, {
        flags: ['--max-old-space-size=200', '--require', register],
      });
      await place.recorded(({ samples }) => samples.length > 0);
      host.child.stdin.write('go');
      expect(await host.ended).toBe(1);
      expect(host.told()).toMatchObject([{ level: 'error', code: 'EBB_AGENT_OUT_OF_MEMORY', ...wanted }]);
      expect(host.told()[0]?.['message']).toMatch(message);
      expect(JSON.stringify(host.told())).not.toContain('secret');
      expect(files(place.records)).toMatchObject([expect.stringMatching(/^ended-/)]);
      const after = place.start(ending);
      await place.recorded(({ pid, samples }) => pid === after.child.pid && samples.length > 0);
      expect(after.told()).toEqual([]);
      after.child.stdin.end();
      expect(await after.ended).toBe(0);
      // Of an end in order nothing is left.
      expect(files(place.records)).toHaveLength(1);
    });
  }

  test('an error that has nothing to do with memory is nobody’s business', async (place, expect) => {
    const host = place.start(`process.stdin.once('data', () => null['x']);`);
    await place.recorded(({ samples }) => samples.length > 0);
    host.child.stdin.write('go');
    expect(await host.ended).toBe(1);
    expect(host.told()).toEqual([]);
    expect(files(place.records)).toEqual([]);
  });

  test('in a program whose framework tells patterns, no path stands in the record', async (place, expect) => {
    const host = place.start(`
      const routes = require('node:diagnostics_channel').channel('ebb.http.route');
      require('node:http').createServer((request, res) => {
        routes.publish({ request, route: '/people/:name' });
        if (!request.url.endsWith('2')) res.end();
      }).listen(0, '127.0.0.1', function () { console.log('port ' + this.address().port + '.'); });`);
    const port = await host.printed(/port (\d+)\./);
    await place.recorded(({ samples }) => samples.length > 0);
    await fetchStatus(port, '/people/alice');
    void fetchStatus(port, '/people/bob2').catch(() => undefined);
    void fetchStatus(port, '/else/carol/2').catch(() => undefined);
    const requests = ({ standing }: ProcessRecord): string[] =>
      standing.flatMap(({ kind, text }) => (kind === 'request' ? [text] : []));
    const record = await place.recorded((each) => requests(each).length === 2);
    expect(requests(record).sort()).toEqual(['GET (a route that has not answered before)', 'GET /people/:name']);
  });

  test('where it is asked for, the record says who allocates what stays', async (place, expect) => {
    const host = place.start(
      `const kept = []; setInterval(() => { for (let i = 0; i < 3000; i++) kept.push({ i, t: 'x' + i, a: [i] }); gc(); }, 200);`,
      {
        flags: ['--max-old-space-size=500', '--expose-gc', '--require', register],
        env: { EBB_PROFILES: '1', EBB_WARMUP: '300', EBB_SAMPLE_INTERVAL: '30' },
      },
    );
    await place.recorded(({ standing }) =>
      standing.some(({ kind, text }) => kind === 'site' && text.includes('program.cjs:1')),
    );
    host.child.kill('SIGKILL');
    await host.ended;
    const { sites } = await place.next();
    expect((sites as string[]).join('\n')).toMatch(/^\d+ % of \d+ MB: .*\(.*program\.cjs:1\)$/m);
  });

  test('the processes of a cluster have a record each, and one line tells of all that died', async (place, expect) => {
    const host = place.start(`
      const cluster = require('node:cluster');
      if (cluster.isPrimary) { cluster.fork(); cluster.fork(); console.log('up'); }
      setInterval(() => {}, 1000);`);
    const pids = new Set<number>();
    await place.recorded(({ pid, samples }) => {
      if (samples.length > 0) pids.add(pid);
      return pids.size === 3;
    });
    // A worker whose primary has gone ends in order: the primary is the last.
    for (const pid of pids) if (pid !== host.child.pid) process.kill(pid, 'SIGKILL');
    host.child.kill('SIGKILL');
    await host.ended;
    expect(await place.next()).toMatchObject({ code: 'EBB_AGENT_LAST_END', others: 2 });
  });

  test('a program that is turned off, or no file, is not recorded', async (place, expect) => {
    const off = place.start(`setTimeout(() => {}, 2000);`, { env: { EBB_RECORD_DIR: 'off' } });
    expect(await off.ended).toBe(0);
    const text = spawn(node, ['--import', register, '-e', 'setTimeout(() => {}, 2000)'], {
      env: { PATH: process.env['PATH'], EBB_RECORD_DIR: place.records },
    });
    expect(await new Promise((resolve) => text.once('close', resolve))).toBe(0);
    expect(files(place.records)).toEqual([]);
  });

  test('`ebb logs` shows a record on its timeline', async (place, expect) => {
    const host = await place.startLeaking();
    await host.ended;
    const [file = ''] = files(place.records);
    const log = join(place.directory, 'app.log');
    writeFileSync(log, host.stderr());
    const shown = spawnSync(process.execPath, [ebb, 'logs', join(place.records, file), log], { encoding: 'utf8' });
    expect(shown.stderr).toBe('');
    expect(shown.status).toBe(1);
    expect(shown.stdout).toMatch(/recorded end, out of memory at the heap limit: process \d+ on .*, heap \d+ MB/);
  });
});

/** Null for one that has just been removed, too. */
function read(file: string): ProcessRecord | null {
  try {
    return readRecord(file);
  } catch {
    return null;
  }
}

function files(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
