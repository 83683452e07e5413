// A process gives back what malloc keeps of freed memory, when its own user asks for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'vitest';
import { trimDoorOf } from '@ebb/agent/relief';
import { availableNodes } from './index.ts';
import { makeWorkplace } from './run-program.ts';
import { places, serve, type Served } from './served-program.ts';

const kept = 60;
/** 120 MB of buffers come and go, and one in fifty stays: malloc can give back no end of its arena by itself. */
const fragmented = `
  import { createServer } from 'node:http';
  const kept = [];
  let all = Array.from({ length: ${kept * 50} }, () => Buffer.alloc(40_000, 1));
  kept.push(...all.filter((_, at) => at % 50 === 0));
  all = null;
  setTimeout(() => gc(), 50);
  setTimeout(() => gc(), 300);
  createServer((request, response) => response.end(String(kept.length))).listen(0, '127.0.0.1');
  process.on('SIGTERM', () => { console.log('kept ' + kept.filter((one) => one[39_999] === 1).length); process.exit(0); });`;

interface Answer {
  trimmed?: { beforeBytes: number; afterBytes: number; tookMs: number };
  refused?: string;
}

/** Undefined where the process hangs up. */
async function ask(pid: number, line: string): Promise<Answer | undefined> {
  const socket = connect(trimDoorOf(pid));
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  await once(socket, 'connect');
  socket.write(`${line}\n`);
  await once(socket, 'close');
  return text === '' ? undefined : (JSON.parse(text) as Answer);
}

async function untilArmed(pid: number): Promise<void> {
  for (;;) {
    try {
      if ((await ask(pid, '{}')) !== undefined) return;
    } catch {
      // It starts.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function start(node: string, folder: string, env: Record<string, string>): { service: Served; pid: number } {
  const service = serve(node, folder, fragmented, { flags: ['--expose-gc', '--require', places.register], env });
  return { service, pid: service.child.pid ?? 0 };
}

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  it('what was freed is given back, and what is in use stays as it is', async ({ expect }) => {
    const place = makeWorkplace();
    const { service, pid } = start(node, place.directory, { EBB_TRIM: '1' });
    try {
      await untilArmed(pid);
      expect(await ask(pid, 'not a line of JSON')).toEqual({ refused: 'the order cannot be read' });
      let gave = 0;
      // V8 frees array buffers in a thread of its own, some time after the second collection.
      for (let tries = 0; tries < 50 && gave < 60e6; tries++) {
        const { trimmed } = (await ask(pid, '{"action":"trim"}')) ?? {};
        gave += (trimmed?.beforeBytes ?? 0) - (trimmed?.afterBytes ?? 0);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(gave).toBeGreaterThan(60e6);
      service.child.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
      expect(service.lines).toEqual([`kept ${kept}`]);
      expect(service.stderr()).toBe('');
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });
});

describe('who may ask', () => {
  it('several at once get one trim, and who says nothing or too much is not waited for', async ({ expect }) => {
    const place = makeWorkplace();
    const { service, pid } = start(process.execPath, place.directory, { EBB_TRIM: '1' });
    try {
      await untilArmed(pid);
      const silent = connect(trimDoorOf(pid));
      await once(silent.resume(), 'close');
      expect(await ask(pid, 'x'.repeat(300))).toEqual({ refused: 'the order cannot be read' });
      const answers = await Promise.all([1, 2, 3].map(async () => await ask(pid, '{"action":"trim"}')));
      expect(answers.filter((answer) => answer?.trimmed !== undefined).length).toBeGreaterThan(0);
      for (const answer of answers)
        if (answer?.trimmed === undefined) expect(answer).toEqual({ refused: 'memory is being given back already' });
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it.runIf(process.getuid?.() === 0)('nobody of another user', async ({ expect }) => {
    const place = makeWorkplace();
    const { service, pid } = start(process.execPath, place.directory, { EBB_TRIM: '1' });
    try {
      await untilArmed(pid);
      const text = `const socket = require('node:net').connect(${JSON.stringify(trimDoorOf(pid))});
        socket.on('error', () => undefined).write('{"action":"trim"}\\n');
        socket.on('data', (told) => console.log(String(told))).on('close', () => console.log('hung up'));`;
      const other = spawn(process.execPath, ['-e', text], { uid: 65_534, gid: 65_534, cwd: '/' });
      let said = '';
      other.stdout.on('data', (chunk) => (said += String(chunk)));
      await once(other, 'close');
      expect(said).toBe('hung up\n');
      expect((await ask(pid, '{"action":"trim"}'))?.trimmed).toBeDefined();
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });
});
