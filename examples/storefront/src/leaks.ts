/**
 * What this shop's CI says of each change: review, memory tests and soak, each alone. A leak must be caught by all
 * three, and what does not leak must pass all three. `npm run leaks -w examples/storefront` (all, seven minutes or so), or with
 * `-- 1.1 2.0` some of them; the exit code is 1 when one of the answers was wrong.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findEbbCommand } from './demo/ebb-command.ts';
import { changes } from './leaks/changes.ts';
import { reviewOf } from './leaks/review.ts';
import { samplePassword, sampleEmail } from './storage/sample-data.ts';

const here = import.meta.dirname;
const workloads = ['login', 'dashboard'].map((name) => join(here, `leaks/${name}.js`));
const login = `POST /login {"email":"${sampleEmail(1)}","password":"${samplePassword}"}`;

function ebb(change: string, args: readonly string[]): number | null {
  const { status, stderr } = spawnSync(process.execPath, [findEbbCommand(), ...args], {
    encoding: 'utf8',
    env: { ...process.env, CHANGE: change },
    maxBuffer: 1 << 26,
  });
  if (status !== 0 && status !== 1) console.error(stderr);
  return status;
}

function say(code: number | null): string {
  return code === 0 ? 'passes' : code === 1 ? 'caught' : `could not be told (${String(code)})`;
}

console.log('| change | leaks | `ebb review` | `ebb test` | `ebb soak` |\n| --- | --- | --- | --- | --- |');
const service = ['--', process.execPath, join(here, 'leaks/serve.js')];
const asked = process.argv.slice(2);
for (const [name, change] of Object.entries(changes)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const codes = [
    reviewOf(change, join(here, '../src')).code,
    ebb(name, ['test', '--json', ...workloads]),
    ebb(name, ['soak', '--json', '--route', login, '--route', 'GET /dashboard', ...service]),
  ];
  console.log(`| ${name} | ${change.leaks ? 'yes' : 'no'} | ${codes.map(say).join(' | ')} |`);
  if (codes.some((code) => code !== (change.leaks ? 1 : 0))) process.exitCode = 1;
}
