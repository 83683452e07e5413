import type { Place } from '../finding/finding.ts';
import { humanBytes } from '../finding/title.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { placesOf } from '../path/places.ts';

/** The way from the reader's own code to an object, as findings tell it: the object itself is its last place. */
export function toldPath(heap: OpenedHeap, node: number): Place[] {
  const { stops, holderAt } = heap.teller.tell(node, node);
  const story = { stops: stops.slice(0, holderAt + 1), holderAt };
  const places = placesOf(heap, story, (at) => `holds ${humanBytes(heap.retained[at])}`);
  return places.slice(startOf(places));
}

/** Everything is reached from the global scope: where that is where a path starts, the reader's own code comes later. */
function startOf(places: Place[]): number {
  if (places[0]?.type !== 'global scope') return 0;
  const own = places.findIndex(({ location }, at) => at > 0 && location !== null && !isNodeInternal(location.file));
  return own > 0 ? own : 0;
}
