import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './demo/free-port.ts';
import { startWatchedServer } from './demo/watched-server.ts';
import { startLoad, type RunningLoad } from './load/load.ts';
import { isRelease, releases, type Release } from './release.ts';

const requestsPerSecond = 280;
/**
 * A heap of a size that runs out while one waits. The young generation is bounded, too: with the default of Node.js 24
 * it alone could fill half of so small a heap, and each of its collections would become a full one.
 */
const nodeOptions = ['--max-old-space-size=128', '--max-semi-space-size=16'];
const hardLimitMs = 180_000;
const readyWithinMs = 30_000;
/** On Ctrl-C the terminal tells Ebb and the server, too: they end by themselves. */
const interruptGraceMs = 5000;

const exitCodes = { asItShouldBe: 0, notAsItShouldBe: 1, usage: 2, interrupted: 130 };

async function demonstrate(release: Release): Promise<number> {
  console.log(
    `Starting storefront ${release} under "ebb watch", with ${requestsPerSecond} requests a second of customers.`,
  );
  console.log(
    `Ends when Ebb has told what leaks, after ${hardLimitMs / 1000} s, or with Ctrl-C. Nothing leaves this machine.\n`,
  );

  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

  const folder = await mkdtemp(join(tmpdir(), 'storefront-demo-'));
  try {
    const outcome = await watchUnderLoad(release, folder, interrupt.signal);
    return interrupt.signal.aborted && !outcome.found ? exitCodes.interrupted : conclude(release, outcome);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What came of it. */
interface Outcome {
  /** Ebb has reported a leak and its finding. */
  readonly found: boolean;
  /** The storefront came up. */
  readonly served: boolean;
}

async function watchUnderLoad(release: Release, folder: string, interrupt: AbortSignal): Promise<Outcome> {
  const port = await findFreePort();
  const watched = startWatchedServer({
    release,
    port,
    nodeOptions,
    dataFolder: join(folder, 'data'),
    reportFile: join(folder, 'report.json'),
  });
  let load: RunningLoad | undefined;
  try {
    if (await watched.becomesReady(readyWithinMs, interrupt)) {
      load = startLoad({ url: `http://127.0.0.1:${port}`, requestsPerSecond, maxDurationMs: hardLimitMs, seed: 1 });
      await Promise.race([watched.ended, delayUnless(hardLimitMs, interrupt)]);
    }
  } finally {
    load?.stop();
    await watched.stop(interrupt.aborted ? interruptGraceMs : 0);
    await load?.finished;
  }
  return { found: await watched.hasFinding(), served: load !== undefined };
}

function conclude(release: Release, outcome: Outcome): number {
  if (!outcome.served) {
    console.error('\nThe storefront did not come up under "ebb watch"; what went wrong stands above.');
    return exitCodes.notAsItShouldBe;
  }
  if (release === '1.0' || release === '1.3') {
    console.log(
      outcome.found
        ? `\nEbb reports a leak, but ${release} has none.`
        : `\nNo leak found. That is right: ${release} has none.`,
    );
    return outcome.found ? exitCodes.notAsItShouldBe : exitCodes.asItShouldBe;
  }
  if (outcome.found) return exitCodes.asItShouldBe;
  console.error(`\nEbb ended without a finding, although storefront ${release} leaks.`);
  return exitCodes.notAsItShouldBe;
}

async function delayUnless(timeMs: number, signal: AbortSignal): Promise<void> {
  await delay(timeMs, undefined, { signal }).catch(() => undefined);
}

async function main(): Promise<number> {
  const release = process.argv[2] ?? '1.1';
  if (isRelease(release)) return demonstrate(release);
  console.error(`There is no release "${release}". Choose one of ${releases.join(', ')}, as in: npm start -- 1.1`);
  return exitCodes.usage;
}

try {
  // exit: a client of autocannon that lost its server leaves a timer behind
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(exitCodes.notAsItShouldBe);
}
