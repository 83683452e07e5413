import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { makeWorkplace, runPlain, runWatched, type Program } from './run-program.ts';

/** Runs `code` when the input ends, which is when the agent is in (see `Program.input`). */
const then = (code: string): string => `process.stdin.resume().on('end', () => { ${code} });`;
const stay = then('');

const programs: Record<string, Program & { from?: number }> = {
  'prints binary and ends at once': {
    name: 'binary.cjs',
    text: 'process.stdout.write(Buffer.from([0, 255, 10, 13, 128, 27, 91, 65, 0])); process.exitCode = 3;',
  },
  'prints more than a pipe holds and exits': {
    name: 'much.cjs',
    text: `process.stdout.write(Buffer.alloc(300_000, 'é'), () => process.exit(7));`,
  },
  'is an ES module with top-level await': {
    name: 'esm.mjs',
    text: `await new Promise((r) => process.stdin.resume().on('end', r)); console.log(import.meta.url.split('/').at(-1));`,
  },
  'is TypeScript': {
    name: 'typed.ts',
    text: `const x: number = 1; ${then(`console.log(x); throw new Error('typed' as string);`)}`,
    from: 24,
  },
  'is loaded through module hooks in their own thread': {
    name: 'hooked.mjs',
    text: `import value from 'virtual:value'; console.log(value); ${stay}`,
    files: {
      'register.mjs': `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`,
      'hooks.mjs': `
        export const resolve = (s, c, next) => s === 'virtual:value' ? { url: s, shortCircuit: true } : next(s, c);
        export const load = (u, c, next) => u === 'virtual:value'
          ? { format: 'module', source: 'export default 42', shortCircuit: true } : next(u, c);`,
    },
    nodeFlags: ['--no-warnings', '--import', './register.mjs'],
  },
  'reads its standard input to the end': {
    name: 'stdin.cjs',
    text: `let n = 0; process.stdin.on('data', (d) => (n += d.length)).on('end', () => console.log(n));`,
    input: 'x'.repeat(100_000),
  },
  'throws an uncaught error': {
    name: 'throws.cjs',
    text: then(`throw new TypeError('as it was');`),
  },
  'leaves a rejection unhandled': {
    name: 'rejects.mjs',
    text: then(`Promise.reject(new Error('nobody caught it'));`),
  },
  'handles uncaught errors itself': {
    name: 'handles.cjs',
    text: `process.on('uncaughtException', (e) => { console.log('caught', e.message); process.exit(9); });
      ${then(`throw new Error('mine');`)}`,
  },
  'is ended by SIGTERM': {
    name: 'sigterm.cjs',
    text: `${then(`process.kill(process.pid, 'SIGTERM');`)} setInterval(() => {}, 1000);`,
  },
  'is ended by SIGKILL': {
    name: 'sigkill.cjs',
    text: `${then(`process.kill(process.pid, 'SIGKILL');`)} setInterval(() => {}, 1000);`,
  },
  'handles SIGINT itself': {
    name: 'sigint.cjs',
    text: `process.once('SIGINT', () => { console.log('bye'); process.exit(5); });
      ${then(`process.kill(process.pid, 'SIGINT');`)} setInterval(() => {}, 1000);`,
  },
  'runs out of heap': {
    name: 'oom.cjs',
    text: `const kept = []; ${then(`setInterval(() => { for (let i = 0; i < 2e5; i++) kept.push({ i }); }, 1);`)}
      process.on('exit', () => console.log('never'));`,
    nodeFlags: ['--max-old-space-size=30', '--max-semi-space-size=1'],
  },
  'has its own NODE_OPTIONS': {
    name: 'options.cjs',
    text: `console.log(globalThis.own, process.execArgv, require('node:v8').getHeapStatistics().heap_size_limit); ${stay}`,
    files: { 'own one.cjs': 'globalThis.own = "loaded first";' },
    env: { NODE_OPTIONS: '--require "./own one.cjs" --max-old-space-size=100 --trace-warnings' },
  },
  'has as many listeners as go without a warning, and one too many': {
    name: 'listeners.cjs',
    text: `for (let i = 0; i < 10; i++) for (const e of ['exit', 'SIGUSR2', 'beforeExit']) process.on(e, () => {});
      const emitter = new (require('node:events'))();
      ${then(`for (let i = 0; i < 11; i++) emitter.on('data', () => {});`)}`,
  },
  'looks at its own globals, listeners and resources': {
    name: 'looks.cjs',
    text: then(`
      console.log(Reflect.ownKeys(globalThis).map(String));
      for (const e of ['exit', 'beforeExit', 'uncaughtException', 'unhandledRejection', 'SIGINT', 'SIGTERM', 'SIGUSR2'])
        console.log(e, process.listenerCount(e));
      console.log(process.getActiveResourcesInfo());
      console.log(typeof gc, Object.keys(require.cache).length, module.parent, require.main === module);`),
  },
  'ends when it has no more to do, telling beforeExit first': {
    name: 'before-exit.cjs',
    text: `let n = 0; process.on('beforeExit', () => { if (n++ < 2) setTimeout(() => console.log('again', n), 50); }); ${stay}`,
  },
  'has frozen intrinsics': {
    name: 'frozen.cjs',
    text: `console.log('ok'); ${stay}`,
    nodeFlags: ['--frozen-intrinsics'],
  },
  'forbids code from strings': {
    name: 'no-eval.cjs',
    text: `try { eval('1') } catch (e) { console.log(e.name) } ${stay}`,
    nodeFlags: ['--disallow-code-generation-from-strings'],
  },
  'forbids __proto__': {
    name: 'no-proto.cjs',
    text: `console.log('ok'); ${stay}`,
    nodeFlags: ['--disable-proto=throw'],
  },
  'takes every deprecation as an error': {
    name: 'strict.cjs',
    text: `console.log('ok'); ${stay}`,
    nodeFlags: ['--throw-deprecation', '--pending-deprecation', '--unhandled-rejections=strict'],
  },
  'has its timers and clock replaced': {
    name: 'fake-timers.cjs',
    text: `const timers = require('node:timers');
      const fake = () => { throw new Error('a fake timer was used'); };
      for (const o of [globalThis, timers]) o.setTimeout = o.setInterval = fake;
      Date.now = fake; globalThis.Date = fake; performance.now = () => NaN;
      ${then(`process.stdout.write('real');`)}`,
  },
  'starts workers with environments and arguments of their own': {
    name: 'workers.cjs',
    text: `const { Worker, SHARE_ENV } = require('node:worker_threads');
      const code = 'const w = require("node:worker_threads"); const key = Object.keys(process.env).filter((k) => !/^(EBB|NODE_)/.test(k)); w.parentPort.postMessage([w.workerData, process.execArgv, key]); setTimeout(() => {}, 100)';
      const kinds = { plain: {}, args: { execArgv: [] }, empty: { env: {} }, share: { env: SHARE_ENV }, stdio: { stdout: true } };
      ${stay} (async () => { for (const [k, o] of Object.entries(kinds)) await new Promise((r) => {
        const w = new Worker(code, { eval: true, workerData: k, ...o });
        w.on('message', (m) => console.log(JSON.stringify(m))).on('exit', (c) => { console.log(k, c); r(); }); }); })();`,
  },
};

/** These end before the agent is in: that, too, must make no difference. */
const tooShort = new Set(['prints binary and ends at once', 'prints more than a pipe holds and exits']);

describe.each(availableNodes())('on Node $major, a program under the agent', ({ major, path }) => {
  for (const [what, program] of Object.entries(programs)) {
    if (major < (program.from ?? 0)) continue;
    it.concurrent(`that ${what} writes the same bytes and ends the same way as without`, async ({ expect }) => {
      const place = makeWorkplace();
      try {
        const plain = await runPlain(path, program, place);
        const { code, signal, stdout, stderr, heard } = await runWatched(path, program, place);
        expect({ code, signal, stdout }).toEqual({ code: plain.code, signal: plain.signal, stdout: plain.stdout });
        // V8's last words on an exhausted heap hold addresses, sizes and times.
        if (what !== 'runs out of heap') expect(stderr).toBe(plain.stderr);
        if (!tooShort.has(what)) expect(heard.map(({ message }) => message.type)).toContain('sample');
      } finally {
        place.remove();
      }
    });
  }
});
