// The agent samples allocations when it is asked to, and only then.
import { describe, it } from 'vitest';
import type { ProfiledMessage } from '@ebb/agent';
import { grownSites } from '@ebb/capture';
import { availableNodes } from './index.ts';
import { makeWorkplace, runWatched, type Heard } from './run-program.ts';

const isSample = ({ message }: Heard): boolean => message.type === 'sample';

/** Each `w` of its input is a round of work; each `?` is answered by whether somebody samples this thread. */
const text = `
  const { Session } = require('node:inspector');
  const kept = [];
  class Visit { constructor(k) { this.k = k; this.a = k; this.b = k; this.c = k; } }
  function login() { for (let k = 0; k < 300; k++) kept.push(new Visit(k)); }
  const isSampled = () => {
    const session = new Session();
    session.connect();
    let sampled;
    session.post('HeapProfiler.getSamplingProfile', (error) => { sampled = error === null; });
    session.disconnect();
    return sampled;
  };
  process.stdin.setEncoding('utf8').on('data', (letters) => {
    for (const letter of letters) {
      if (letter === 'w') { for (let i = 0; i < 400; i++) login(); console.log('worked'); }
      if (letter === '?') console.log(isSampled() ? 'sampled' : 'not sampled');
    }
  });`;

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  it.concurrent(
    'allocations are sampled between start and stop, and profiles come over the socket',
    async ({ expect }) => {
      const place = makeWorkplace();
      const taken: ProfiledMessage[] = [];
      let own: ProfiledMessage | undefined;
      const program = { name: 'program.cjs', text, nodeFlags: ['--no-opt', '--no-maglev'] };
      try {
        const { stdout, stderr } = await runWatched(node, program, place, async ({ child, until }) => {
          const { agent } = await until(isSample);
          const ask = async (letter: string): Promise<void> => {
            const said = new Promise((resolve) => child.stdout.once('data', resolve));
            child.stdin.write(letter);
            await said;
          };
          await ask('?');
          taken.push(await agent.profile('start'));
          await ask('?');
          await ask('w');
          taken.push(await agent.profile('take'));
          await ask('w');
          taken.push(await agent.profile('take', { classes: true }), await agent.profile('stop'));
          await ask('?');
          own = await agent.profile('stop');
        });
        expect(stdout.trim().split('\n')).toEqual(['not sampled', 'sampled', 'worked', 'worked', 'not sampled']);
        expect(stderr).toBe('');
      } finally {
        place.remove();
      }
      expect(taken.map(({ ok }) => ok)).toEqual([true, true, true, true]);
      expect(own).toMatchObject({ ok: true });
      const [started, first, last] = taken;
      for (const { pauseMs } of [started, first, last].flatMap((answer) => answer ?? []))
        expect(pauseMs).toBeGreaterThan(0);
      if (first?.profile === undefined || last?.profile === undefined) throw new Error('a profile is missing');
      const [grown] = grownSites(first.profile, last.profile);
      expect(grown?.stack.map((frame) => frame.function)).toContain('login');
      expect(grown?.stack[0]?.url).toContain('program.cjs');
      // Objects are counted by class where that was asked for: both rounds of work are there.
      expect(first.classes).toBeUndefined();
      expect(last.classes?.find(({ name }) => name === 'Visit')?.count).toBe(240_000);
      // Taking it collected: 120,000 objects came to stay in between.
      expect((last.floor?.heapBytes ?? 0) - (first.floor?.heapBytes ?? 0)).toBeGreaterThan(120_000 * 30);
    },
  );
});
