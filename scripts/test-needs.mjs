// What tests need that npm does not bring: Chromium, for the page of `ebb analyze --html`; PostgreSQL, for the server's
// store; Prometheus and Alertmanager, the server's peers. Debian's own are installed when they are missing and this runs as root on a machine with apt;
// elsewhere the reason is told, and the exit code is 1.
//
//   node scripts/test-needs.mjs

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where Debian's package puts it; the tests of pages start it from here. */
export const chromium = '/usr/bin/chromium';

/** @typedef {{ ok: boolean, detail: string }} Outcome what there is, in one line */

/**
 * Brings Chromium unless it is there already.
 * @returns {Outcome}
 */
export function bringChromium() {
  return bring('chromium', () => (existsSync(chromium) ? chromium : null), chromium);
}

/**
 * Brings PostgreSQL unless it is there already. The tests start clusters of their own; the one that Debian's package
 * makes is not used.
 * @returns {Outcome}
 */
export function bringPostgres() {
  const versions = '/usr/lib/postgresql';
  const initdb = () =>
    (existsSync(versions) ? readdirSync(versions) : [])
      .map((version) => join(versions, version, 'bin/initdb'))
      .find((file) => existsSync(file)) ?? null;
  return bring('postgresql', initdb, `${versions}/*/bin/initdb`);
}

/**
 * Brings Prometheus and Alertmanager unless they are there already. The tests start their own; the services that Debian's
 * packages make are not used.
 * @returns {Outcome}
 */
export function bringMonitoring() {
  const programs = { prometheus: '/usr/bin/prometheus', 'prometheus-alertmanager': '/usr/bin/prometheus-alertmanager' };
  const outcomes = Object.entries(programs).map(([name, file]) =>
    bring(name, () => (existsSync(file) ? file : null), file),
  );
  return outcomes.find(({ ok }) => !ok) ?? outcomes.find(({ detail }) => detail === 'installed') ?? outcomes[0];
}

/**
 * @param {string} name of Debian's package
 * @param {() => string | null} find what it brings
 * @param {string} what it is
 * @returns {Outcome}
 */
function bring(name, find, what) {
  if (find() !== null) return { ok: true, detail: 'already installed' };
  const missing = (/** @type {string} */ reason) => ({ ok: false, detail: `there is no ${what}: ${reason}` });
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) {
    return missing('only machines with apt get it by themselves');
  }
  if (process.getuid?.() !== 0) return missing(`root can install it: apt-get install ${name}`);
  for (const command of [['update'], ['install', '--yes', '--no-install-recommends', name]]) {
    const run = spawnSync('apt-get', ['--quiet=2', ...command], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (run.error) return missing(run.error.message);
    if (run.status !== 0) return missing(`apt-get ${command[0]} ended with exit code ${run.status}`);
  }
  return find() === null ? missing('the package did not bring it') : { ok: true, detail: 'installed' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const needs = { chromium: bringChromium(), postgresql: bringPostgres(), prometheus: bringMonitoring() };
  for (const [name, { ok, detail }] of Object.entries(needs)) {
    console.log(`${name}: ${detail}`);
    if (!ok) process.exitCode = 1;
  }
}
