// The agent takes snapshots over its real socket, in real programs: forked ones while they work, inline ones where
// nothing can be forked, and none that outlives its program.
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preloadPath, type CapturedMessage } from '@ebb/agent';
import { describe, it, vi } from 'vitest';
import { availableNodes } from './index.ts';
import { makeWorkplace, runWatched, type Heard, type Program } from './run-program.ts';

const isSample = ({ message }: Heard): boolean => message.type === 'sample';

/** A heap of some MB, so that its snapshot takes a while, and requests that it counts: one a line of input. */
const busy = `
  const { channel } = require('node:diagnostics_channel');
  const { EventEmitter } = require('node:events');
  class Session { constructor(id) { this.id = id; this.cart = [id]; } }
  globalThis.sessions = new Map(Array.from({ length: 60_000 }, (_, id) => [id, new Session(id)]));
  process.stdin.setEncoding('utf8').on('data', (lines) => {
    for (let at = 0; at < lines.length; at++) {
      const response = Object.assign(new EventEmitter(), { statusCode: 200, req: { method: 'POST', url: '/login' } });
      channel('http.server.request.start').publish({ request: response.req, response });
      response.emit('close');
    }
  });`;
const program = (more: Partial<Program> = {}): Program => ({ name: 'program.cjs', text: busy, ...more });

/** The children of a process, by the kernel's own account. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    try {
      return readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // the thread has ended in this moment
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended: whoever is to wait for it is not of this test.
    return !/^\d+ \(.*\) Z/su.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Stops the child that writes a snapshot: it will not come to its end by itself. It has made itself ready as soon as it
 * has changed its name; before, it would keep what it inherited.
 */
async function stopChild(pid: number): Promise<number> {
  const isReady = (child: number): boolean => {
    try {
      return readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'ebb-snapshot';
    } catch {
      return false; // it has ended in this moment
    }
  };
  const child = await vi.waitUntil(() => childrenOf(pid).find(isReady), { timeout: 30_000, interval: 2 });
  process.kill(child, 'SIGSTOP');
  return child;
}

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  const test = (
    name: string,
    run: (directory: string, expect: typeof import('vitest').expect) => Promise<void>,
  ): void => {
    it(name, async ({ expect }) => {
      const place = makeWorkplace();
      try {
        await run(place.directory, expect);
      } finally {
        place.remove();
      }
    });
  };
  const place = (directory: string): { directory: string; remove: () => undefined } => ({
    directory,
    remove: () => undefined,
  });

  test('a snapshot is forked, tells what had been served at the fork, and refuses a second one meanwhile', async (directory, expect) => {
    const file = join(directory, 'a.heapsnapshot');
    let answer: CapturedMessage | undefined;
    let second: CapturedMessage | undefined;
    let after: CapturedMessage | undefined;
    await runWatched(node, program(), place(directory), async ({ child, until }) => {
      const { agent } = await until(isSample);
      child.stdin.write('1234567');
      await until(({ message }) => message.type === 'sample' && message.sample.requests === 7);
      const asked = agent.snapshot(file);
      const writer = await stopChild(agent.hello.pid);
      // The program serves on while its snapshot is being written; these are not in it.
      child.stdin.write('89');
      await until(({ message }) => message.type === 'sample' && message.sample.requests === 9);
      second = await agent.snapshot(join(directory, 'b.heapsnapshot'));
      process.kill(writer, 'SIGCONT');
      answer = await asked;
      after = await agent.snapshot(join(directory, 'c.heapsnapshot'));
    });
    expect(answer).toMatchObject({
      ok: true,
      method: 'fork',
      file,
      bytes: statSync(file).size,
      requests: 7,
      requestsByRoute: { 'POST /login': 7 },
    });
    const { attempts = [], pauseMs, ageMs } = answer ?? {};
    expect(attempts.at(-1)).toMatchObject({ method: 'fork', outcome: 'whole' });
    expect(attempts.reduce((sum, attempt) => sum + attempt.pauseMs, 0)).toBeCloseTo(pauseMs ?? 0);
    expect(pauseMs).toBeGreaterThan(0);
    // It was taken before it was written.
    expect(ageMs).toBeGreaterThan(attempts.at(-1)?.tookMs ?? Infinity);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { strings } = JSON.parse(readFileSync(file, 'utf8')) as { strings: string[] };
    expect(strings).toContain('Session');
    expect(second).toMatchObject({ ok: false, error: { code: 'EBB_CAPTURE_BUSY' } });
    expect(after).toMatchObject({ ok: true, method: 'fork', requests: 9 });
  });

  test('a snapshot that takes too long is called off, and leaves neither child nor file', async (directory, expect) => {
    let answer: CapturedMessage | undefined;
    let writer = 0;
    await runWatched(node, program(), place(directory), async ({ until, heard }) => {
      const { agent } = await until(isSample);
      // The listener's promise gives up at that time, too; what the agent says stands in the events.
      const asked = agent.snapshot(join(directory, 'a.heapsnapshot'), { timeoutMs: 1500 });
      writer = await stopChild(agent.hello.pid);
      await asked;
      await until(({ message }) => message.type === 'captured');
      answer = heard.map(({ message }) => message).find((message) => message.type === 'captured');
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'EBB_CAPTURE_ABORTED' } });
    expect(answer?.pauseMs).toBeGreaterThan(0);
    expect(isAlive(writer)).toBe(false);
    expect(readdirSync(directory)).toEqual(['program.cjs']);
  });

  for (const end of ['SIGKILL', 'its own end'] as const) {
    test(`a program does not wait for the child that writes its snapshot, and the child ends with it: ${end}`, async (directory, expect) => {
      let writer = 0;
      const { signal, code } = await runWatched(
        node,
        program({ text: `${busy} process.stdin.on('end', () => console.log('ends'));` }),
        place(directory),
        async ({ child, until }) => {
          const { agent } = await until(isSample);
          void agent.snapshot(join(directory, 'a.heapsnapshot'));
          writer = await stopChild(agent.hello.pid);
          // Its standard input is closed as soon as this returns, and nothing else keeps it.
          if (end === 'SIGKILL') child.kill('SIGKILL');
        },
      );
      expect({ signal, code }).toEqual(
        end === 'SIGKILL' ? { signal: 'SIGKILL', code: null } : { signal: null, code: 0 },
      );
      await vi.waitUntil(() => !isAlive(writer), { timeout: 20_000, interval: 10 });
      expect(readdirSync(directory)).toEqual(['program.cjs']);
    });
  }

  test('without the addon a program that consents is captured inline, with the reason, and another is not', async (directory, expect) => {
    // The packages as npm leaves them where nothing could be compiled.
    const packages = join(directory, 'node_modules', '@ebb');
    for (const name of ['agent', 'capture', 'trend']) {
      const from = fileURLToPath(new URL(`../../packages/${name}/`, import.meta.url));
      for (const part of ['dist', 'package.json'])
        cpSync(join(from, part), join(packages, name, part), { recursive: true });
    }
    const agent = join(packages, 'agent', 'dist', preloadPath.slice(dirname(preloadPath).length + 1));
    const file = join(directory, 'a.heapsnapshot');
    let refused: CapturedMessage | undefined;
    let taken: CapturedMessage | undefined;
    await runWatched(
      node,
      program({ env: { NODE_OPTIONS: `--require ${agent}` } }),
      place(directory),
      async ({ until }) => {
        const { agent: connected } = await until(isSample);
        refused = await connected.snapshot(file);
        taken = await connected.snapshot(file, { method: 'auto' });
      },
    );
    expect(refused).toMatchObject({ ok: false, method: 'fork', pauseMs: 0, error: { code: 'EBB_CAPTURE_NO_ADDON' } });
    expect(taken).toMatchObject({
      ok: true,
      method: 'inline',
      fallback: { code: 'EBB_CAPTURE_NO_ADDON' },
      attempts: [{ method: 'inline', outcome: 'whole' }],
    });
    expect(existsSync(file)).toBe(true);
  });

  const permission = major === 20 ? '--experimental-permission' : '--permission';
  test('under the permission model, which loads no addon, the same holds', async (directory, expect) => {
    const own = [
      permission,
      `--allow-fs-read=${directory}/*`,
      ...(major >= 25 ? ['--allow-net'] : []),
      '--no-warnings',
    ];
    let refused: CapturedMessage | undefined;
    let taken: CapturedMessage | undefined;
    const file = join(directory, 'a.heapsnapshot');
    const { stderr } = await runWatched(
      node,
      program({ nodeFlags: own }),
      place(directory),
      async ({ until }) => {
        const { agent } = await until(isSample);
        refused = await agent.snapshot(file);
        taken = await agent.snapshot(file, { method: 'auto' });
      },
      { snapshotDirectory: directory },
    );
    expect(refused).toMatchObject({ ok: false, error: { code: 'EBB_CAPTURE_NO_ADDON' } });
    expect(taken).toMatchObject({ ok: true, method: 'inline', fallback: { code: 'EBB_CAPTURE_NO_ADDON' } });
    expect(stderr).toBe('');
  });
});
