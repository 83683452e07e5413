import type { Place } from '../finding/finding.ts';
import { humanBytes } from '../finding/title.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { placesOf } from '../path/places.ts';

/** The way from the reader's own code to an object, as findings tell it: the object itself is its last place. */
export function toldPath(heap: OpenedHeap, node: number): Place[] {
  const { stops, holderAt } = heap.teller.tell(node, node);
  const story = { stops: stops.slice(0, holderAt + 1), holderAt };
  return placesOf(heap, story, (at) => `holds ${humanBytes(heap.retained[at])}`);
}
