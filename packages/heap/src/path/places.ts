/** The stops of a story as places of the contract: each with its location, and why it stands there. */
import type { Location, Place } from '../finding/finding.ts';
import { declarationLine } from '../naming/lines-of-code.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Stop, Story } from './story.ts';

/**
 * Tells every stop of a story. A stop has the location of its own code, else of the line that declares the variable or
 * property it is held by, in the file of the nearest code above it.
 */
export function placesOf(
  input: OpenedHeap,
  { stops, holderAt }: Story,
  reasonOf: (node: number, isHolder: boolean) => string,
): Place[] {
  return stops.map((stop, at) => {
    const own = stop.site?.location ?? null;
    // A class of Node's is nothing to look at where the program's own variable of it is.
    const isOwnCode = stop.site !== undefined && !isNodeInternal(stop.site.script);
    const location = (isOwnCode ? undefined : variableOf(input, stops, at)) ?? own;
    const links = stop.repeats > 1 ? `, ${stop.repeats} links of a chain` : '';
    return {
      type: stop.type,
      name: stop.name,
      edge: stop.edge,
      location,
      reason: `${reasonOf(stop.node, at === holderAt)}${links}`,
      nodeId: input.graph.nodeId[stop.node],
    };
  });
}

/** The line that declares the variable or property that a stop is held by, in the file of the nearest code above it. */
function variableOf({ locator, sources }: OpenedHeap, stops: Stop[], at: number): Location | undefined {
  const { declared, name } = stops[at];
  if (declared) return locator.toLocation({ file: declared.file, line: declared.line, column: declared.column });
  const above = stops.slice(0, at).findLast(({ site }) => site !== undefined)?.site;
  if (!above || isNodeInternal(above.script)) return undefined;
  const { file } = above.location;
  const line = declarationLine(sources, file, name);
  return line === undefined ? undefined : locator.toLocation({ file, line, column: 1 });
}
