/** From a holder that grows to a finding that a person can act on. */
import type { ContainerSizes } from '../graph/containers.ts';
import type { EarlierSnapshot } from '../growth/cohorts.ts';
import type { Growth } from '../growth/grown.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { packageOf } from '../naming/project.ts';
import { isNodeInternal, type Locator } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { codeOf, nearestLocation } from './code-of-holder.ts';
import type { Finding, Place } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import { emitterOf, eventOf, fromTimerList, isTimerList, namedStop, scopeOf, subjectOf } from './holder-name.ts';
import { kindOf } from './kind.ts';
import { ownCodeTo } from '../path/own-code.ts';
import { placesOf } from '../path/places.ts';
import { installedVersion } from './installed-package.ts';
import { humanBytes, titleOf } from './title.ts';

/** The series that a growth was found in. */
export interface Series {
  sizes: ContainerSizes;
  earlier: EarlierSnapshot[];
  cohort: Uint8Array;
}

/** Tells one growth. */
export function tellGrowth(input: OpenedHeap, growth: Growth, series: Series): Finding {
  const { ofValues = false } = growth;
  const storeGrowth = ofValues ? [] : storeGrowthBytes(input.graph, growth.holder, series);
  const steps = growth.bytesPerStep.map((bytes, k) => ({
    bytes: Math.round(bytes + (storeGrowth[k] ?? 0)),
    count: growth.countPerStep[k],
  }));
  const growthBytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  const growthCount = steps.reduce((sum, step) => sum + step.count, 0);
  const sample = tellingSample(input.locator, growth);
  const told = tellHolder(input, growth.holder, sample, growth.sampleType, (node, isHolder) => {
    if (isHolder) {
      const by = steps.map(({ bytes, count }) => (ofValues ? humanBytes(bytes) : count.toLocaleString('en')));
      return `grew by ${by.join(', then ')}`;
    }
    if (node === sample && ofValues) return 'longer in each snapshot';
    if (series.cohort[node] === 0) return 'there since the first snapshot';
    return node === sample ? 'one of those that piled up' : 'came since, and stayed';
  });
  const { verdict, reason, bound } = growth;
  const base = { ...told, verdict, reason, growthBytes, growthCount, steps, ...(bound ? { bound } : {}) };
  const finding = {
    ...base,
    sample: {
      type: sample === growth.holder ? growth.sampleType : typeOfSample(input, told.path, sample, growth.sampleType),
      count: ofValues ? 0 : countNow(series, growth.holder, growthCount),
    },
  };
  return { ...finding, title: titleOf(finding) };
}

/** Of what piled up, one whose code is the reader's own, or a package's: built-in functions say nothing. */
function tellingSample(locator: Locator, { sample, samples }: Growth): number {
  const scripts = samples.map((node) => ({ node, script: locator.scriptName(node) }));
  const coded = scripts.filter(({ script }) => !isNodeInternal(script));
  return (coded.find(({ script }) => packageOf(script ?? '') === undefined) ?? coded[0])?.node ?? sample;
}

/** The class of what piled up, as the path tells it: with the source's name for it where a bundler took that away. */
function typeOfSample({ graph }: OpenedHeap, path: Place[], sample: number, sampleType: string): string {
  const type = path.find(({ nodeId }) => nodeId === graph.nodeId[sample])?.type;
  return type === undefined || type.startsWith('Generator') ? sampleName(sampleType) : type;
}

/** How many of them there are in all: the holder's elements where they are what grew, else what came. */
function countNow({ sizes }: Series, holder: number, growthCount: number): number {
  return Math.max(sizes.elements[holder], growthCount);
}

function storeGrowthBytes(graph: HeapGraph, holder: number, { sizes, earlier }: Series): number[] {
  const series = earlier.map((snapshot) => {
    const at = snapshot.index.get(graph.objectId[holder]);
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
  const whole = input.teller.tell(holder, sample);
  const kind = kindOf(whole.stops, whole.holderAt, sampleType);
  const story = kind === 'timer' ? fromTimerList(whole) : whole;
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
  const event = eventOf(story, kind);
  const library = [holderPlace.location, code.insertedAt]
    .map((location) => location && packageOf(location.file))
    .find((found) => found);
  const isFromAnywhere = kind === 'timer' && isTimerList(story);
  const reachedFrom =
    library && !isFromAnywhere ? ownCodeTo(input, holder, library.name, path, story.holderAt) : undefined;
  return {
    fingerprint: fingerprintOf({
      unit: culprit ? input.locator.project.unit(culprit.file) : '',
      scope: scopeOf(story),
      symbol: event ?? (named && kind !== 'listener' ? named.name : ''),
      kind,
    }),
    kind,
    subject: subjectOf(story, holderPlace, kind),
    ...(event === undefined ? {} : { event }),
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
