import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changes } from './leaks/changes.ts';

// `npm run leaks` as a person runs it: the built shop, reviewed, tested and soaked, each alone.
const program = join(import.meta.dirname, '../dist/leaks.js');

test.each(Object.entries(changes))(
  'the change to %s: review, memory tests and soak each say whether it leaks',
  { timeout: 900_000 },
  async (name, { leaks }) => {
    const child = spawn(process.execPath, [program, name], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    const answer = leaks ? 'yes | caught | caught | caught' : 'no | passes | passes | passes';
    expect(said).toContain(`| ${name} | ${answer} |`);
    expect(code).toBe(0);
  },
);
