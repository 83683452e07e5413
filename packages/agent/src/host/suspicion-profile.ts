/**
 * Who allocates what stays, while the memory is suspected to leak: allocations are sampled, and the largest sites told
 * after a while and again and again. Taking a profile makes V8 collect all garbage first, which stops the thread (tens of
 * milliseconds at 16 MB, a second at a gigabyte): only where it is asked for.
 */
import type { AllocationProfile, AllocationSampling } from '@ebb/capture';
import { quietly } from './quietly.ts';

/** So many sites are told. */
const toldSites = 3;

/** When and how. */
export interface SuspicionProfileOptions {
  monotonicMs: () => number;
  /** From the start of the sampling to the first profile. */
  firstMs: number;
  /** From each profile to the next; also how long there must be no suspicion until the sampling ends. */
  againMs: number;
  onSites: (sites: string[]) => void;
  /** Passed in by tests. */
  start?: () => Promise<AllocationSampling>;
}

export class SuspicionProfile {
  readonly #options: SuspicionProfileOptions;
  #state: 'idle' | 'starting' | 'refused' | AllocationSampling = 'idle';
  #nextMs = 0;
  #suspectedMs = 0;

  constructor(options: SuspicionProfileOptions) {
    this.#options = options;
  }

  /** Once a sample. */
  consider(suspicious: boolean): void {
    const nowMs = this.#options.monotonicMs();
    if (suspicious) this.#suspectedMs = nowMs;
    if (this.#state === 'idle') {
      if (suspicious) this.#begin();
    } else if (typeof this.#state === 'object') {
      if (nowMs - this.#suspectedMs >= this.#options.againMs) this.stop();
      else if (nowMs >= this.#nextMs) this.#take(this.#state, nowMs);
    }
  }

  /** Ends the sampling. */
  stop(): void {
    if (typeof this.#state === 'object') this.#state.stop();
    this.#state = 'idle';
  }

  #begin(): void {
    this.#state = 'starting';
    const { start = startHere, firstMs, monotonicMs } = this.#options;
    void start().then(
      quietly((sampling: AllocationSampling) => {
        if (this.#state !== 'starting') {
          sampling.stop();
          return;
        }
        this.#state = sampling;
        this.#nextMs = monotonicMs() + firstMs;
      }),
      // Somebody else samples, or there is no inspector: it will not be otherwise the next time.
      () => {
        this.#state = 'refused';
      },
    );
  }

  #take(sampling: AllocationSampling, nowMs: number): void {
    this.#nextMs = nowMs + this.#options.againMs;
    try {
      this.#options.onSites(sitesOf(sampling.take().profile));
    } catch {
      this.stop();
      this.#state = 'refused';
    }
  }
}

/** @ebb/capture is loaded now only: it costs thirty milliseconds and 3 MB. */
async function startHere(): Promise<AllocationSampling> {
  const { startAllocationSampling } = await import('@ebb/capture');
  return startAllocationSampling();
}

/** `41 % of 12 MB: makeSession (/app/sessions.js:12)`, the largest first; a site is named by the program's own code. */
export function sitesOf({ sites, otherBytes }: AllocationProfile): string[] {
  const allBytes = sites.reduce((sum, { liveBytes }) => sum + liveBytes, otherBytes);
  return sites.slice(0, toldSites).map(({ stack, liveBytes }) => {
    const frame = stack.find(({ url }) => url !== '' && !url.startsWith('node:')) ?? stack[0];
    const name = frame === undefined || frame.function === '' ? '(anonymous)' : frame.function;
    const place =
      frame === undefined || frame.url === '' ? '' : ` (${frame.url.replace(/^file:\/\//, '')}:${frame.line})`;
    return `${Math.round((liveBytes / allBytes) * 100)} % of ${(allBytes / 2 ** 20).toFixed(0)} MB: ${name}${place}`;
  });
}
