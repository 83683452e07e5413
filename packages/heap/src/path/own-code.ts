import type { Location, Place } from '../finding/finding.ts';
import { declarationLine, importLine } from '../naming/lines-of-code.ts';
import { isNodeInternal } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';

/**
 * Where the reader's own code leads to what a package holds: the last place of the path that is the reader's own, above
 * the holder; else the line of the reader's module from which the holder can be reached, the variable's or the import's;
 * else what the reader's code left in the holder's hands. Undefined where no own code is anywhere near.
 */
export function ownCodeTo(
  input: OpenedHeap,
  holder: number,
  packageName: string,
  path: Place[],
  holderAt: number,
): Location | undefined {
  const own = (location: Location | null): boolean =>
    location !== null && !packageOf(location.file) && !isNodeInternal(location.file);
  const above = path.slice(0, holderAt + 1).findLast(({ location }) => own(location))?.location;
  return (
    above ??
    fromOwnModule(input, holder, packageName) ??
    path.find(({ location }) => own(location))?.location ??
    undefined
  );
}

function fromOwnModule(input: OpenedHeap, holder: number, packageName: string): Location | undefined {
  const { graph, locator, sources } = input;
  const route = input.ownRoutes().to(holder);
  const sites = route.map(({ node }) => locator.site(node));
  const at = sites.findLastIndex((site) => site && !packageOf(site.script) && !isNodeInternal(site.script));
  const site = sites[at];
  if (!site || at + 1 >= route.length) return undefined;
  const { file } = site.location;
  const variable = graph.edgeType[route[at + 1].edge] === graph.edgeTypes.context;
  const name = variable ? graph.strings.get(graph.edgeName[route[at + 1].edge]) : undefined;
  const line =
    (name === undefined ? undefined : declarationLine(sources, file, name)) ?? importLine(sources, file, packageName);
  return line === undefined ? site.location : locator.toLocation({ file, line, column: 1 });
}
