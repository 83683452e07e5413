/** The two outages of `../shared/seeds` as they are played: what was run when, and what their teams did. */
import type { Release } from '../release.ts';

/** One outage. */
export interface Outage {
  readonly title: string;
  /** What is deployed, one after the other; the first one is well. */
  readonly deploys: readonly { readonly release: Release; readonly summary: string; readonly seconds: number }[];
  /** Which of them leaks, and whose code it is, as the owners' team is called. */
  readonly guilty: Release;
  readonly team: string;
  /** How it is ended. */
  readonly end: { readonly kind: 'rollback' | 'rollforward'; readonly to: Release; readonly why: string };
  /** What the team of the outage took, in minutes after its alarm. */
  readonly seed: {
    readonly culpritMin: number;
    readonly teamMin: number;
    readonly restoredMin: number;
    readonly story: string;
  };
}

/** By name. */
export const outages: Readonly<Record<string, Outage>> = {
  'outage-1': {
    title: 'Outage 1: a leak in the session handling, and a newer release that everybody suspects',
    deploys: [
      { release: '1.0', summary: 'Release 1.0', seconds: 60 },
      { release: '1.1', summary: 'Release 1.1: a fresh session id at each login', seconds: 45 },
      { release: '1.2', summary: 'Release 1.2: data processing for the dashboard', seconds: 0 },
    ],
    guilty: '1.1',
    team: 'identity',
    end: { kind: 'rollforward', to: '1.3', why: 'the old id of a session is forgotten at the login' },
    seed: {
      culpritMin: 40,
      teamMin: 50,
      restoredMin: 75,
      story: 'rolled back the newest release, in vain, and found the culprit 40 minutes after the alarm',
    },
  },
  'outage-2': {
    title: 'Outage 2: a release that leaks, paged as CPU',
    deploys: [
      { release: '1.0', summary: 'Release 1.0', seconds: 60 },
      { release: '2.0', summary: 'Release 2.0: a dashboard whose figures are live', seconds: 0 },
    ],
    guilty: '2.0',
    team: 'insights',
    end: { kind: 'rollback', to: '1.0', why: 'the advice says that it helps' },
    seed: {
      culpritMin: 45,
      teamMin: 30,
      restoredMin: 120,
      story: 'looked at the CPU, and named the guilty release 45 minutes after the alarm',
    },
  },
};
