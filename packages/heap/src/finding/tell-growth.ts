/** From a holder that grows to a finding that a person can act on. */
import type { ContainerSizes } from '../graph/containers.ts';
import type { EarlierSnapshot } from '../growth/cohorts.ts';
import type { Growth } from '../growth/growth.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { declarationLine, insertionLine, registrationLine, removalLines } from '../naming/lines-of-code.ts';
import { isNodeInternal } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';
import type { SourceFiles } from '../naming/source-files.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Finding, FindingKind, Location, Place } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import { kindOf } from './kind.ts';
import { placesOf } from '../path/places.ts';
import type { Stop, Story } from '../path/story.ts';
import { installedVersion } from './installed-package.ts';
import { titleOf } from './title.ts';

/** The series that a growth was found in. */
export interface Series {
  sizes: ContainerSizes;
  earlier: EarlierSnapshot[];
  cohort: Uint8Array;
}

/** Tells one growth. */
export function tellGrowth(input: OpenedHeap, growth: Growth, series: Series): Finding {
  const storeGrowth = storeGrowthBytes(input.graph, growth.holder, series);
  const steps = growth.bytesPerStep.map((bytes, k) => ({
    bytes: Math.round(bytes + storeGrowth[k]),
    count: growth.countPerStep[k],
  }));
  const growthBytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  const growthCount = steps.reduce((sum, step) => sum + step.count, 0);
  const told = tellHolder(input, growth.holder, growth.sample, growth.sampleType, (node, isHolder) => {
    if (isHolder) return `grew by ${steps.map((step) => step.count.toLocaleString('en')).join(', then ')}`;
    if (series.cohort[node] === 0) return 'there since the first snapshot';
    return node === growth.sample ? 'one of those that piled up' : 'came since, and stayed';
  });
  const { verdict, reason, bound } = growth;
  const base = { ...told, verdict, reason, growthBytes, growthCount, steps, ...(bound ? { bound } : {}) };
  const finding = {
    ...base,
    sample: { type: sampleName(growth.sampleType), count: countNow(series, growth.holder, growthCount) },
  };
  return { ...finding, title: titleOf(finding) };
}

/** How many of them there are in all: the holder's elements where they are what grew, else what came. */
function countNow({ sizes }: Series, holder: number, growthCount: number): number {
  return Math.max(sizes.elements[holder], growthCount);
}

function storeGrowthBytes(graph: HeapGraph, holder: number, { sizes, earlier }: Series): number[] {
  const series = earlier.map((snapshot) => {
    const at = snapshot.index.get(graph.nodeId[holder]);
    return at < 0 ? undefined : snapshot.storeBytes[at];
  });
  series.push(sizes.storeBytes[holder]);
  return series.slice(1).map((bytes, k) => Math.max(0, (bytes ?? 0) - (series[k] ?? bytes ?? 0)));
}

/** Everything about a holder that does not depend on how it grew. */
export function tellHolder(
  input: OpenedHeap,
  holder: number,
  sample: number,
  sampleType: string,
  reasonOf: (node: number, isHolder: boolean) => string,
): Omit<Finding, 'title' | 'verdict' | 'reason' | 'bound' | 'sample' | 'growthBytes' | 'growthCount' | 'steps'> {
  const story = input.teller.tell(holder, sample);
  const kind = kindOf(story.stops, story.holderAt, sampleType);
  const places = placesOf(input, story, reasonOf);
  const named = namedStop(story);
  const code = codeOf(input, story, kind === 'listener' ? (emitterOf(story, kind) ?? named) : named, kind);
  const holderPlace: Place = {
    ...(named ? places[story.stops.indexOf(named)] : places[story.holderAt]),
    reason: places[story.holderAt].reason,
    location: code.declared ?? nearestLocation(places, story),
  };
  const path = places.map((place, at) =>
    at === story.holderAt ? { ...place, location: holderPlace.location } : place,
  );
  const culprit = code.insertedAt ?? holderPlace.location;
  const library = [holderPlace.location, code.insertedAt]
    .map((location) => location && packageOf(location.file))
    .find((found) => found);
  const reachedFrom = library
    ? path
        .map((place) => place.location)
        .find((location) => location && !packageOf(location.file) && !isNodeInternal(location.file))
    : undefined;
  return {
    fingerprint: fingerprintOf({
      unit: culprit ? input.locator.project.unit(culprit.file) : '',
      scope: scopeOf(story),
      symbol: eventOf(story, kind) ?? (named && kind !== 'listener' ? named.name : ''),
      kind,
    }),
    kind,
    subject: subjectOf(story, holderPlace, kind),
    retainedBytes: input.retained[holder],
    holder: holderPlace,
    insertedAt: code.insertedAt,
    removedAt: code.removedAt,
    path,
    allocatedAt: null,
    ...(library ? { package: installedVersion(library.root, library.name) } : {}),
    ...(reachedFrom ? { reachedFrom } : {}),
  };
}

/** A class for people: what V8 calls a scope or a reaction, people don't. */
export function sampleName(sampleType: string): string {
  return sampleType === 'system / Context' ? 'scope' : sampleType.replace(/^system \/ /, '');
}

function nearestLocation(places: Place[], { stops, holderAt }: Story): Location | null {
  for (let at = holderAt; at >= 0; at--) {
    const location = places[at].location;
    if (location && !isNodeInternal(stops[at].site?.script ?? location.file)) return location;
  }
  for (let at = holderAt + 1; at < places.length; at++) {
    const location = places[at].location;
    if (location && !isNodeInternal(location.file)) return location;
  }
  return (
    places.slice(0, holderAt + 1).findLast((place) => place.location)?.location ??
    places.find((place) => place.location)?.location ??
    null
  );
}

const PLUMBING_NAMES = new Set([
  'root',
  'next',
  'head',
  'tail',
  'value',
  'context',
  'extension',
  'previous',
  'prev',
  '_idleNext',
  '_idlePrev',
]);

/** The stop by whose name people know the holder: itself, or the nearest above that has a name of its own. */
function namedStop({ stops, holderAt }: Story): Stop | undefined {
  for (let at = holderAt; at >= Math.max(0, holderAt - 3); at--) {
    const { edge } = stops[at];
    if (edge !== '' && !edge.startsWith('[') && !PLUMBING_NAMES.has(edge)) return stops[at];
  }
  return undefined;
}

/** The holder in a person's words: `sessions (Map)`, `listeners of "order:paid" on bus (EventEmitter)`. */
function subjectOf(story: Story, holder: Place, kind: FindingKind): string {
  const named = holder.name === holder.type ? `a ${holder.type}` : `${holder.name} (${holder.type})`;
  if (kind !== 'listener') return named;
  const event = eventOf(story, kind);
  const emitter = emitterOf(story, kind);
  return `listeners${event === undefined ? '' : ` of "${event}"`}${emitter ? ` on ${emitter.name} (${emitter.type})` : ''}`;
}

/** What the listeners hang on: the nearest object above them that the program has a name for. */
function emitterOf(story: Story, kind: FindingKind): Stop | undefined {
  const event = eventOf(story, kind);
  return story.stops
    .slice(0, story.holderAt + 1)
    .findLast((stop) => !LISTENER_TABLES.has(stop.edge) && stop.name !== stop.type && stop.edge !== event);
}

const LISTENER_TABLES = new Set(['_events', 'kEvents', '#signal', 'root']);

/** The class or function that declares the holder. */
function scopeOf({ stops, holderAt }: Story): string {
  // Node's own classes have other names in other versions.
  const above = stops
    .slice(0, holderAt)
    .findLast((stop) => stop.site !== undefined && !isNodeInternal(stop.site.script));
  return !above || above.type === 'scope' || above.type === 'module' ? 'module' : above.type;
}

/** The event that a listener waits for: the name just below the listeners' table. */
function eventOf({ stops, holderAt }: Story, kind: FindingKind): string | undefined {
  if (kind !== 'listener') return undefined;
  const at = stops.findIndex((stop) => stop.edge === '_events');
  const event = at >= 0 ? stops[at + 1]?.edge : undefined;
  return event !== undefined && !event.startsWith('[') && at + 1 <= holderAt + 1 ? event : undefined;
}

interface Code {
  declared: Location | undefined;
  insertedAt: Location | null;
  removedAt: Location[] | null;
}

/** Finds the holder's lines in the files of the code around it, the nearest file first. */
function codeOf(input: OpenedHeap, story: Story, named: Stop | undefined, kind: FindingKind): Code {
  const { sources, locator } = input;
  const files = filesAround(story);
  const at = (file: string, line: number): Location =>
    locator.toLocation({ file, line, column: firstColumn(sources, file, line) });
  let declared: Location | undefined;
  let insertedAt: Location | null = null;
  let removedAt: Location[] | null = null;
  for (const file of files) {
    if (!named) break;
    const declaration = declarationLine(sources, file, named.name);
    const insertion = insertionLine(sources, file, named.name);
    if (declaration === undefined && insertion === undefined) continue;
    declared ??= declaration === undefined ? undefined : at(file, declaration);
    insertedAt ??= insertion === undefined ? null : at(file, insertion);
    removedAt ??= removalLines(sources, file, named.name).map((line) => at(file, line));
    if (declared && insertedAt) break;
  }
  if (kind === 'listener') insertedAt = registeredAt(input, story, eventOf(story, kind)) ?? insertedAt;
  return { declared, insertedAt, removedAt };
}

/** Where the leaked listener was registered: by the function that piled up, in its own file. */
function registeredAt(input: OpenedHeap, { stops, holderAt }: Story, event: string | undefined): Location | null {
  const listener = stops.slice(holderAt + 1).find((stop) => stop.site && !isNodeInternal(stop.site.script));
  if (!listener?.site) return null;
  const { location } = listener.site;
  const line = registrationLine(input.sources, location.file, event ?? 'abort', location.line);
  return line === undefined
    ? location
    : input.locator.toLocation({ file: location.file, line, column: firstColumn(input.sources, location.file, line) });
}

/** Files of the code around the holder: from the holder upwards, then below it. */
function filesAround({ stops, holderAt }: Story): string[] {
  const order = [...stops.slice(0, holderAt + 1).reverse(), ...stops.slice(holderAt + 1)];
  const files = order.flatMap((stop) =>
    stop.site && !isNodeInternal(stop.site.script) ? [stop.site.location.file] : [],
  );
  return [...new Set(files)];
}

function firstColumn(sources: SourceFiles, file: string, line: number): number {
  return (sources.lines(file)?.[line - 1]?.search(/\S/) ?? 0) + 1;
}
