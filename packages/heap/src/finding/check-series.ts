import type { HeapGraph } from '../graph/heap-graph.ts';
import type { EarlierSnapshot } from '../growth/cohorts.ts';
import { differentPrograms, type LastingIds, wrongOrder } from '../identity/lasting-ids.ts';
import { newestId, NO_SIGNATURE, signatureOf } from '../identity/object-identity.ts';

/** Functions keep id and name for life. Where fewer of the common ids mean the same, another process wrote the snapshot. */
const SAME_PROGRAM_SHARE = 0.95;

/**
 * Throws unless the snapshots are of one process, oldest first. V8 numbers objects upwards from 1, by odd numbers, and
 * never again; what a program starts with it keeps, so the lowest ids stand for the same objects in each snapshot. Where
 * objects are told by how they are held, {@link LastingIds} has looked.
 */
export function checkSeries(
  last: HeapGraph,
  earlier: EarlierSnapshot[],
  files: string[],
  { isByPlace }: LastingIds,
): void {
  if (isByPlace) return;
  const newest = newestId(last.objectId);
  earlier.forEach((snapshot, k) => {
    const next = k + 1 < earlier.length ? earlier[k + 1].newestId : newest;
    if (shareOfSame(last, snapshot) < SAME_PROGRAM_SHARE) {
      throw differentPrograms(files[k], files.at(-1) ?? '');
    }
    if (snapshot.newestId > next) {
      throw wrongOrder(files[k], files[k + 1]);
    }
  });
}

function shareOfSame(last: HeapGraph, snapshot: EarlierSnapshot): number {
  let compared = 0;
  let same = 0;
  let unknown = 0;
  for (let node = 1; node < last.nodeCount; node++) {
    const id = last.objectId[node];
    if (id % 2 === 0 || id > snapshot.newestId) continue;
    if (last.nodeType[node] !== last.nodeTypes.closure) continue;
    const at = snapshot.index.get(id);
    if (at < 0) continue;
    const [before, now] = [snapshot.signature[at], signatureOf(last, node)];
    if (before === NO_SIGNATURE || now === NO_SIGNATURE) {
      unknown++;
      continue;
    }
    compared++;
    if (before === now) same++;
  }
  // Where the names of most are lost, nothing speaks for another process, or against it.
  if (compared < 50) return unknown > compared ? 1 : 0;
  return same / compared;
}
