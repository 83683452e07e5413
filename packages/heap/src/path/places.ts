/** The stops of a story as places of the contract: each with its location, and why it stands there. */
import type { Place } from '../finding/finding.ts';
import { declarationLine } from '../naming/lines-of-code.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Story } from './story.ts';

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
    const above = stops.slice(0, at).findLast((s) => s.site !== undefined)?.site;
    const line =
      own === null && !stop.declared && above && !isNodeInternal(above.script)
        ? declarationLine(input.sources, above.location.file, stop.name)
        : undefined;
    const { declared } = stop;
    const location =
      line !== undefined && above
        ? input.locator.toLocation({ file: above.location.file, line, column: 1 })
        : own === null && declared
          ? input.locator.toLocation({ file: declared.file, line: declared.line, column: declared.column })
          : own;
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
