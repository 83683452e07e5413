/** How far the heap of a process may be let grow, within the container's limit: pure. */
import type { ProcessRow } from '../store/schema.ts';

const MB = 2 ** 20;
/** The container's limit is never used up: what lies outside the heap grows, too. */
const usableShare = 0.9;
/** A limit that is raised by less buys nothing. */
const leastGain = 1.1;

/** The heap limit for the next start, or why there is none. */
type HeapRoom = { limitMb: number } | { refusal: string };

/** The largest heap that all of these processes have room for: nine tenths of the container, less what is not heap. */
export function heapRoom(
  processes: readonly Pick<
    ProcessRow,
    'rss_bytes' | 'heap_used_bytes' | 'heap_limit_bytes' | 'container_limit_bytes'
  >[],
): HeapRoom {
  let [least, present] = [Infinity, 0];
  for (const {
    rss_bytes: rss,
    heap_used_bytes: heap,
    heap_limit_bytes: own,
    container_limit_bytes: container,
  } of processes) {
    if (container === null)
      return { refusal: 'the container’s limit is not known: how far the heap may grow cannot be told' };
    if (rss === null || heap === null || own === null)
      return { refusal: 'a process does not tell its heap: how far it may grow cannot be told' };
    least = Math.min(least, container * usableShare - Math.max(0, rss - heap));
    present = Math.max(present, own);
  }
  if (processes.length === 0) return { refusal: 'no process that is heard of is meant' };
  const limitMb = Math.floor(least / MB);
  if (limitMb * MB < present * leastGain)
    return {
      refusal: `the heap may take ${Math.round(present / MB)} MB already, and the container has room for ${Math.max(0, limitMb)}`,
    };
  return { limitMb };
}
