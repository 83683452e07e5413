/** Sampling of allocations on request: only the watcher starts it, and it ends with the watcher. */
import { startAllocationSampling, type AllocationProfile, type AllocationSampling } from '@ebb/capture';
import type { ProfiledMessage, ProfileMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { messageError } from './commands.ts';
import { readFloor } from './floor.ts';

/** A message has to fit into what the agent may write ahead (`connection.ts`); the rest of it is small. */
const maxProfileBytes = 56 * 1024;

/** Starts and stops the sampling, and takes profiles. */
export class ProfileDesk {
  readonly #clock: HostClock;
  readonly #start: () => AllocationSampling;
  #sampling: AllocationSampling | null = null;

  constructor(clock: HostClock, start: () => AllocationSampling = () => startAllocationSampling()) {
    this.#clock = clock;
    this.#start = start;
  }

  /** Does what a command asks for. Never throws. */
  answer({ id, action }: ProfileMessage): ProfiledMessage {
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
          const { profile, pauseMs } = sampling.take();
          // Taking a profile collects, so that what is left now is a floor.
          const floor = readFloor(this.#clock.now());
          return { type: 'profiled', id, ok: true, pauseMs, floor, profile: fitting(profile) };
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

  /** Ends the sampling. */
  stop(): void {
    this.#sampling?.stop();
    this.#sampling = null;
  }
}

/** The largest sites of a profile, as many as fit into a message. */
function fitting(profile: AllocationProfile): AllocationProfile {
  let { sites, otherBytes } = profile;
  while (sites.length > 1 && Buffer.byteLength(JSON.stringify(sites)) > maxProfileBytes) {
    const kept = sites.length >> 1;
    otherBytes += sites.slice(kept).reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    sites = sites.slice(0, kept);
  }
  return { ...profile, sites, otherBytes };
}
