import { getHeapStatistics } from 'node:v8';
import { captureSnapshot, type CapturedSnapshot, type CaptureOptions } from './capture-snapshot.ts';
import { climb, type RefusedRung } from './evidence-ladder.ts';
import type { AllocationProfile } from './profile/allocation-profile.ts';
import type { AllocationSampling } from './profile/allocation-sampling.ts';
import { countClasses, type ClassCounts } from './profile/class-counts.ts';

/** What {@link captureEvidence} is asked for; beside these, what {@link CaptureOptions} has for a snapshot. */
export interface EvidenceOptions extends Omit<CaptureOptions, 'method' | 'fd' | 'file'> {
  /** The file for a snapshot, should one be taken; it must not exist. */
  file: string;
  /**
   * What may stop the program where nothing lighter is to be had: `inline` 40 ms for each MB of heap, `class-counts` 15.
   * Default: nothing. With both, the snapshot is tried first, because it tells what the counts tell, too.
   */
  consent?: readonly ('inline' | 'class-counts')[];
  /** A sampling that runs already, since the memory became suspicious; it goes on. Without it there is no profile. */
  sampling?: AllocationSampling;
}

/** One piece of evidence, with what it cost the program. */
export type TakenEvidence =
  | { rung: 'allocations'; pauseMs: number; profile: AllocationProfile }
  | { rung: 'fork' | 'inline'; pauseMs: number; snapshot: CapturedSnapshot }
  | { rung: 'class-counts'; pauseMs: number; counts: ClassCounts };

/** What {@link captureEvidence} came by. */
export interface Evidence {
  /** The cheapest first; empty where there was nothing to be had. */
  taken: TakenEvidence[];
  /** What was not taken, and why; the rungs below one that was good enough are not told. */
  refused: RefusedRung[];
  /** How long the program stood still for all of it, the failed attempts too. */
  pauseMs: number;
}

/** Measured, on a quiet machine; on a busy one it is several times that. */
const blocksMsPerMegabyte = { inline: 40, 'class-counts': 15 };

/**
 * Takes the best evidence of this thread's memory that can be had, and says why it is not better: a profile of the
 * allocations where they are being sampled, and a forked snapshot. Where there is no room for the child, or snapshots
 * cannot be forked here, the profile stands alone, and only with consent the program is stopped for more.
 *
 * An inline snapshot needs as much memory as a child does; so it helps where forking is not possible, and class counts,
 * which take a third of that, help where there is less room.
 *
 * Rejects with no {@link CaptureError}: those stand in `refused`.
 */
export async function captureEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { consent = [], sampling, ...snapshotOptions } = options;
  const heapMegabytes = getHeapStatistics().used_heap_size / 1e6;
  const snapshot = async (method: 'fork' | 'inline'): Promise<TakenEvidence> => {
    const taken = await captureSnapshot({ ...snapshotOptions, method });
    return { rung: method, pauseMs: taken.pauseMs, snapshot: taken };
  };
  const profile = (running: AllocationSampling): TakenEvidence => ({ rung: 'allocations', ...running.take() });
  const { taken, refused } = await climb<TakenEvidence>(
    [
      {
        name: 'allocations',
        apart: true,
        take:
          sampling === undefined
            ? { not: 'Allocations were not being sampled. Start that when the memory becomes suspicious.' }
            : () => profile(sampling),
      },
      { name: 'fork', take: () => snapshot('fork') },
      { name: 'inline', blocksMs: heapMegabytes * blocksMsPerMegabyte.inline, take: () => snapshot('inline') },
      {
        name: 'class-counts',
        blocksMs: heapMegabytes * blocksMsPerMegabyte['class-counts'],
        take: () => {
          const { measureRoom } = options;
          const counts = countClasses(measureRoom === undefined ? {} : { measureRoom });
          return { rung: 'class-counts', pauseMs: counts.pauseMs, counts };
        },
      },
    ],
    new Set(consent),
  );
  const pauseMs = [...taken, ...refused].reduce((sum, { pauseMs: each }) => sum + each, 0);
  return { taken, refused, pauseMs };
}
