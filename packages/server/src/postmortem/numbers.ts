/** What incidents of a while come to: how long things took, what came back, what led to nothing. Pure. */
import type { IncidentTimes } from './incident-times.ts';
import { duration } from './sections/words.ts';

/** An incident, as far as numbers need it. */
export interface CountedIncident {
  service: string;
  /** Null where no label names one. */
  team: string | null;
  times: IncidentTimes;
  /** Of the leaks that were found in it. */
  fingerprints: readonly string[];
  /** Of these, those that were found in an earlier incident. */
  repeats: readonly string[];
  /** Somebody was told of it, nobody did anything, nothing was found, no request was hit, and it went by itself. */
  ledToNothing: boolean;
}

/** How long something took: the median and the longest, of those incidents in which it is known. */
export interface Took {
  medianMs: number | null;
  longestMs: number | null;
  /** In so many incidents it is known. */
  known: number;
}

/** The numbers of one group. */
export interface IncidentNumbers {
  incidents: number;
  detect: Took;
  acknowledge: Took;
  mitigate: Took;
  resolve: Took;
  wrongHypothesis: Took;
  repeats: number;
  ledToNothing: number;
}

/** A leak that was found in more than one incident. */
export interface RepeatedLeak {
  fingerprint: string;
  /** Of those that are counted. */
  incidents: number;
  services: string[];
}

/** All, by service, and by team. */
export interface AllNumbers {
  /** Leaks that came back, the most frequent first. */
  repeatedLeaks: RepeatedLeak[];
  all: IncidentNumbers;
  services: Record<string, IncidentNumbers>;
  teams: Record<string, IncidentNumbers>;
}

/** Counts. */
export function numbersOf(incidents: readonly CountedIncident[]): AllNumbers {
  return {
    repeatedLeaks: repeatedLeaksOf(incidents),
    all: groupOf(incidents),
    services: grouped(incidents, ({ service }) => service),
    teams: grouped(incidents, ({ team }) => team),
  };
}

/** The numbers in lines: a person reads them on a terminal. */
export function numberLines({ all, services, teams, repeatedLeaks }: AllNumbers): string[] {
  const lines = [`${all.incidents} ${all.incidents === 1 ? 'incident' : 'incidents'}`, ...linesOf(all)];
  for (const { fingerprint, incidents, services: where } of repeatedLeaks)
    lines.push(`  came back: ${fingerprint}, in ${incidents} of them (${where.join(', ')})`);
  for (const [title, groups] of [
    ['service', services],
    ['team', teams],
  ] as const)
    for (const [name, numbers] of Object.entries(groups))
      lines.push('', `${title} ${name}: ${numbers.incidents}`, ...linesOf(numbers));
  return lines;
}

function linesOf(numbers: IncidentNumbers): string[] {
  const { incidents, repeats, ledToNothing } = numbers;
  const took = (what: string, { medianMs, longestMs, known }: Took): string =>
    medianMs === null || longestMs === null
      ? `  ${what}: not known in any`
      : `  ${what}: median ${duration(medianMs)}, longest ${duration(longestMs)}${known === incidents ? '' : ` (known in ${known} of ${incidents})`}`;
  return [
    took('time to detect', numbers.detect),
    took('time to acknowledge', numbers.acknowledge),
    took('time to mitigate', numbers.mitigate),
    took('time to resolve', numbers.resolve),
    took('time on the wrong hypothesis', numbers.wrongHypothesis),
    `  the same leak again: ${repeats}; alerts that led to nothing: ${ledToNothing}`,
  ];
}

function repeatedLeaksOf(incidents: readonly CountedIncident[]): RepeatedLeak[] {
  const leaks = new Map<string, { incidents: number; services: Set<string>; isRepeated: boolean }>();
  for (const { service, fingerprints, repeats } of incidents)
    for (const fingerprint of new Set(fingerprints)) {
      const leak = leaks.get(fingerprint) ?? { incidents: 0, services: new Set(), isRepeated: false };
      leak.incidents += 1;
      leak.services.add(service);
      // The first one may be older than those that are counted.
      leak.isRepeated ||= repeats.includes(fingerprint);
      leaks.set(fingerprint, leak);
    }
  return [...leaks]
    .filter(([, { isRepeated }]) => isRepeated)
    .map(([fingerprint, leak]) => ({ fingerprint, incidents: leak.incidents, services: [...leak.services].sort() }))
    .sort((a, b) => b.incidents - a.incidents || (a.fingerprint < b.fingerprint ? -1 : 1));
}

function grouped(
  incidents: readonly CountedIncident[],
  keyOf: (incident: CountedIncident) => string | null,
): Record<string, IncidentNumbers> {
  const groups = new Map<string, CountedIncident[]>();
  for (const incident of incidents) {
    const key = keyOf(incident);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), incident]);
  }
  const names = [...groups.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, groupOf(groups.get(name) ?? [])]));
}

function groupOf(incidents: readonly CountedIncident[]): IncidentNumbers {
  const took = (of: (times: IncidentTimes) => number | null): Took => {
    const known = incidents.flatMap(({ times }) => of(times) ?? []).sort((a, b) => a - b);
    const middle = known.length >> 1;
    const low = known[middle - 1];
    const high = known[middle];
    const median = high === undefined ? null : known.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
    return { medianMs: median, longestMs: known.at(-1) ?? null, known: known.length };
  };
  const since = (toMs: number | null, fromMs: number | null): number | null =>
    toMs === null || fromMs === null ? null : Math.max(0, toMs - fromMs);
  return {
    incidents: incidents.length,
    detect: took(({ detectedMs, startedMs }) => since(detectedMs, startedMs)),
    acknowledge: took(({ acknowledgedMs, detectedMs }) => since(acknowledgedMs, detectedMs)),
    mitigate: took(({ mitigatedMs, detectedMs }) => since(mitigatedMs, detectedMs)),
    resolve: took(({ resolvedMs, detectedMs }) => since(resolvedMs, detectedMs)),
    wrongHypothesis: took(({ wrongHypothesisMs }) => wrongHypothesisMs),
    repeats: incidents.filter(({ repeats }) => repeats.length > 0).length,
    ledToNothing: incidents.filter(({ ledToNothing }) => ledToNothing).length,
  };
}
