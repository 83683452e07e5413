/** Plays an outage: a real cluster under real load, a real server, and Ebb's own commands. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Outage } from './outage.ts';
import { Responder, type ToldChanges } from './responder.ts';
import { Stage, type StageOptions } from './stage.ts';
import { until } from './until.ts';

/** What was measured up to what Ebb says of the changes; seconds count from the first page. */
export interface PlayedToChanges {
  /** From the deploy of what leaks to the first page. */
  readonly pagedAfterS: number;
  readonly changesTold: ToldChanges & { readonly afterS: number };
}

/** What was measured of all of it. */
export interface Played extends PlayedToChanges {
  readonly culprit: { readonly afterS: number; readonly title: string };
  readonly teamPagedAfterS: number;
  readonly endedAfterS: number;
  readonly recovery: { readonly afterS: number; readonly sentence: string };
  readonly load: { readonly requests: number; readonly failures: number; readonly loggedOut: number };
  readonly postmortemFile: string;
}

/** How it is played. */
export interface PlayOptions extends StageOptions {
  readonly signal: AbortSignal;
}

/**
 * Plays it from the first release to the postmortem, which is written to a file.
 *
 * @throws {Error} when something that Ebb should say is not said within ten minutes; AbortError when it is interrupted
 */
export async function play(
  outage: Outage,
  { postmortemFile, ...options }: PlayOptions & { readonly postmortemFile: string },
): Promise<Played> {
  const { say } = options;
  return await onStage(options, async (stage) => {
    const { responder, pagedAfterS, sincePageS } = await playToPage(stage, outage, options);
    const evidence = responder.gatherEvidence();
    const changesTold = await changesOf(responder, { say, sincePageS });
    const culprit = { title: await evidence, afterS: sincePageS() };
    say(`  found: ${culprit.title}`);
    await responder.callTeam();
    const teamPagedAfterS = sincePageS();
    await responder.mitigate();
    const endedAfterS = sincePageS();
    const sentence = await responder.recovered();
    const recovery = { afterS: sincePageS(), sentence };
    say(`  ${sentence}`);
    await responder.resolve();
    await responder.writePostmortem(postmortemFile);
    const load = await stage.endLoad();
    return { pagedAfterS, changesTold, culprit, teamPagedAfterS, endedAfterS, recovery, load, postmortemFile };
  });
}

/** Plays it until each change is guilty or exonerated, and no further. @throws as {@link play} */
export async function playToChanges(outage: Outage, options: PlayOptions): Promise<PlayedToChanges> {
  return await onStage(options, async (stage) => {
    const { responder, pagedAfterS, sincePageS } = await playToPage(stage, outage, options);
    return { pagedAfterS, changesTold: await changesOf(responder, { say: options.say, sincePageS }) };
  });
}

async function onStage<Result>(options: StageOptions, act: (stage: Stage) => Promise<Result>): Promise<Result> {
  const stage = await Stage.open(options);
  try {
    return await act(stage);
  } finally {
    await stage.close();
  }
}

async function playToPage(
  stage: Stage,
  outage: Outage,
  { say, signal }: PlayOptions,
): Promise<{ responder: Responder; pagedAfterS: number; sincePageS: () => number }> {
  let deployedMs = 0;
  for (const { release, summary, seconds } of outage.deploys) {
    if (release === outage.guilty) stage.rememberUsual();
    await stage.deploy(release, summary);
    if (release === outage.guilty) deployedMs = Date.now();
    await delay(seconds * 1000, undefined, { signal });
  }
  const page = await until('a page', () => Promise.resolve(stage.pages.at(0)), signal);
  const responder = await Responder.acknowledge(stage, outage, { say, signal });
  return {
    responder,
    pagedAfterS: (page.atMs - deployedMs) / 1000,
    sincePageS: () => (Date.now() - page.atMs) / 1000,
  };
}

async function changesOf(
  responder: Responder,
  { say, sincePageS }: { say: (line: string) => void; sincePageS: () => number },
): Promise<PlayedToChanges['changesTold']> {
  const told = await responder.toldOfChanges();
  const afterS = sincePageS();
  for (const sentence of told.sentences) say(`  ${sentence}`);
  say(`  ${told.advice}`);
  return { ...told, afterS };
}
