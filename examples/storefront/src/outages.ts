/** `npm run outage -- outage-1`: one of the two outages, played with Ebb. */
import { resolve } from 'node:path';
import { outages, type Outage } from './outages/outage.ts';
import { play, type Played } from './outages/play.ts';

const exitCodes = { asItShouldBe: 0, notAsItShouldBe: 1, usage: 2, interrupted: 130 };
const requestsPerSecond = 160;

async function main(name: string, file: string): Promise<number> {
  const outage = outages[name];
  if (outage === undefined) {
    console.error(`There is no outage "${name}". Choose one of ${Object.keys(outages).join(', ')}.`);
    return exitCodes.usage;
  }
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupt.abort();
    });
  }
  const startedMs = performance.now();
  const say = (line: string): void => {
    console.log(`${clock((performance.now() - startedMs) / 1000)}  ${line}`);
  };
  console.log(
    `${outage.title}.\nThe team of then ${outage.seed.story}. It takes some five minutes; nothing leaves this machine.\n`,
  );
  try {
    const played = await play(outage, {
      postmortemFile: resolve(file),
      requestsPerSecond,
      say,
      signal: interrupt.signal,
    });
    console.log(`\n${table(outage, played)}`);
    return played.load.failures === 0 ? exitCodes.asItShouldBe : exitCodes.notAsItShouldBe;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    console.error(error instanceof Error ? error.message : error);
    return exitCodes.notAsItShouldBe;
  }
}

function table({ seed, end }: Outage, played: Played): string {
  const { culprit, changesTold, teamPagedAfterS, endedAfterS, recovery, load, pagedAfterS, postmortemFile } = played;
  const row = (what: string, then: string, now: string): string =>
    `${what.padEnd(40)}${then.padStart(10)}${now.padStart(10)}`;
  return [
    row('after the alarm', 'then', 'with Ebb'),
    row('the guilty release is known', `${String(seed.culpritMin)} min`, clock(changesTold.afterS)),
    row('the code at fault is known', `${String(seed.culpritMin)} min`, clock(culprit.afterS)),
    row('the team that can mend it is called', `${String(seed.teamMin)} min`, clock(teamPagedAfterS)),
    row(end.kind === 'rollback' ? 'rolled back' : 'rolled forward', '', clock(endedAfterS)),
    row('recovery is proven', `${String(seed.restoredMin)} min`, clock(recovery.afterS)),
    '',
    `The alarm came ${clock(pagedAfterS)} after the deploy of what leaks.`,
    `${String(load.requests)} requests, ${String(load.failures)} failed; ${String(load.loggedOut)} visitors had to log in again, as sessions end with their process.`,
    `The postmortem is ${postmortemFile}`,
  ].join('\n');
}

function clock(seconds: number): string {
  return `${String(Math.floor(seconds / 60))}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

// exit: a client of autocannon that lost its server leaves a timer behind
process.exit(await main(process.argv[2] ?? '', process.argv[3] ?? `postmortem-${process.argv[2] ?? ''}.md`));
