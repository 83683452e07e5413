/** Sampling of allocations on request: only the watcher starts it, and it ends with the watcher. */
import {
  countClasses,
  startAllocationSampling,
  type AllocationProfile,
  type AllocationSampling,
  type ClassCount,
  type ClassCounts,
} from '@ebb/capture';
import type { ProfiledMessage, ProfileMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { cpuSince, messageError } from './commands.ts';
import { readFloor } from './floor.ts';

/** A message has to fit into what the agent may write ahead (`connection.ts`); the rest of it is small. */
const maxProfileBytes = 48 * 1024;
const maxClassesBytes = 8 * 1024;

/** Starts and stops the sampling, and takes profiles. */
export class ProfileDesk {
  readonly #clock: HostClock;
  readonly #start: () => AllocationSampling;
  readonly #count: () => ClassCounts;
  #sampling: AllocationSampling | null = null;

  constructor(
    clock: HostClock,
    start: () => AllocationSampling = () => startAllocationSampling(),
    count: () => ClassCounts = () => countClasses(),
  ) {
    this.#clock = clock;
    this.#start = start;
    this.#count = count;
  }

  /** Does what a command asks for. Never throws. */
  answer({ id, action, classes = false }: ProfileMessage): ProfiledMessage {
    try {
      switch (action) {
        case 'start':
          // Asked twice, by a watcher that did not hear the answer: the sampling goes on.
          if (this.#sampling !== null) return { type: 'profiled', id, ok: true, pauseMs: 0 };
          this.#sampling = this.#start();
          return { type: 'profiled', id, ok: true, pauseMs: this.#sampling.startPauseMs };
        case 'take': {
          const sampling = this.#sampling ?? this.#start();
          this.#sampling = sampling;
          const before = process.cpuUsage();
          const { profile, pauseMs } = sampling.take();
          const cpuMs = cpuSince(before);
          // Taking a profile collects, so that what is left now is a floor.
          const floor = readFloor(this.#clock.now());
          const counted = classes ? this.#counted() : null;
          return {
            type: 'profiled',
            id,
            ok: true,
            pauseMs: pauseMs + (counted?.pauseMs ?? 0),
            cpuMs: cpuMs + (counted?.pauseMs ?? 0),
            floor,
            profile: { ...profile, ...fitting(profile) },
            ...counted?.told,
          };
        }
        case 'stop':
          this.stop();
          return { type: 'profiled', id, ok: true, pauseMs: 0 };
      }
    } catch (error) {
      this.stop();
      return { type: 'profiled', id, ok: false, error: messageError(error) };
    }
  }

  #counted(): { pauseMs: number; told: Pick<ProfiledMessage, 'classes' | 'uncounted'> } {
    try {
      const { classes, pauseMs } = this.#count();
      return { pauseMs, told: { classes: upTo(classes, maxClassesBytes) } };
    } catch (error) {
      return { pauseMs: 0, told: { uncounted: messageError(error) } };
    }
  }

  /** Ends the sampling. */
  stop(): void {
    this.#sampling?.stop();
    this.#sampling = null;
  }
}

/** The largest sites of a profile, as many as fit into a message. */
function fitting({ sites: all, otherBytes }: AllocationProfile): Pick<AllocationProfile, 'sites' | 'otherBytes'> {
  const sites = upTo(all, maxProfileBytes);
  const left = all.slice(sites.length).reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  return { sites, otherBytes: otherBytes + left };
}

/** The first of a list, as many as take no more bytes as JSON. */
function upTo<T extends AllocationProfile['sites'][number] | ClassCount>(all: readonly T[], maxBytes: number): T[] {
  let some = [...all];
  while (some.length > 1 && Buffer.byteLength(JSON.stringify(some)) > maxBytes) some = some.slice(0, some.length >> 1);
  return some;
}
