/** How near a process is to a limit of its memory: pure. */
import type { ProcessRow } from '../store/schema.ts';

/** A process that ends this near to its limit has most likely met it. */
export const nearLimitShare = 0.9;

type Told = Pick<ProcessRow, 'floor_bytes' | 'heap_limit_bytes' | 'rss_bytes' | 'container_limit_bytes'>;

/** The share of the limit that is nearer, 0 to 1 or a little more; null where no limit is known. */
export function shareOfLimit(process: Told): number | null {
  const shares = [
    share(process.floor_bytes, process.heap_limit_bytes),
    share(process.rss_bytes, process.container_limit_bytes),
  ].filter((value) => value !== null);
  return shares.length === 0 ? null : Math.max(...shares);
}

function share(bytes: number | null, limitBytes: number | null): number | null {
  return bytes === null || limitBytes === null || limitBytes <= 0 ? null : bytes / limitBytes;
}
