// What tests need that npm does not bring: Chromium, for the page of `ebb analyze --html`. Debian's own is installed
// when it is missing and this runs as root on a machine with apt; elsewhere the reason is told, and the exit code is 1.
//
//   node scripts/test-needs.mjs

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where Debian's package puts it; the tests of pages start it from here. */
export const chromium = '/usr/bin/chromium';

/** @typedef {{ ok: boolean, detail: string }} Outcome what there is, in one line */

/**
 * Brings Chromium unless it is there already.
 * @returns {Outcome}
 */
export function bringChromium() {
  if (existsSync(chromium)) return { ok: true, detail: 'already installed' };
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) {
    return missing('only machines with apt get it by themselves');
  }
  if (process.getuid?.() !== 0) return missing('root can install it: apt-get install chromium');
  for (const command of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    const run = spawnSync('apt-get', ['--quiet=2', ...command], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (run.error) return missing(run.error.message);
    if (run.status !== 0) return missing(`apt-get ${command[0]} ended with exit code ${run.status}`);
  }
  return existsSync(chromium) ? { ok: true, detail: 'installed' } : missing('the package did not bring it');
}

/**
 * @param {string} reason
 * @returns {Outcome}
 */
function missing(reason) {
  return { ok: false, detail: `there is no ${chromium}: ${reason}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, detail } = bringChromium();
  console.log(`chromium: ${detail}`);
  process.exitCode = ok ? 0 : 1;
}
