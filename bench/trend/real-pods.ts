// The real pods of ../shared/data, each once, as samples for the rules and for Ebb, with a leak in them or none.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SeenRises } from '@ebb/trend';
import { MB } from '@ebb/trend/simulate';
import type { BenchSeries } from './series.ts';

/** Nezha's pods, beside the repository. */
const podsFile: string = new URL('../../../shared/data/nezha_pod_mem_1min.csv.gz', import.meta.url).pathname;

interface Row {
  timeS: number;
  bytes: number;
  requests: number;
}

export interface Pod {
  name: string;
  rows: Row[];
}

/**
 * Reads the pods. The set has all of them twice, under two names (`construct_data`, `rca_data`): a series that is the same
 * as one before is no further evidence, and is left out. So are pods that hold nothing.
 */
export function readPods(file = podsFile): { pods: Pod[]; told: number; empty: number } {
  const byKey = new Map<string, Row[]>();
  for (const line of gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1)) {
    const [set, day, pod, time, megabytes, operations] = line.split(',');
    const key = `${set}\t${day} ${pod}`;
    const rows = byKey.get(key) ?? [];
    byKey.set(key, rows);
    rows.push({ timeS: Number(time), bytes: Number(megabytes) * MB, requests: Number(operations) });
  }
  const seen = new Set<string>();
  const pods: Pod[] = [];
  let empty = 0;
  for (const [key, rows] of byKey) {
    rows.sort((a, b) => a.timeS - b.timeS);
    const [, name] = key.split('\t');
    const content = `${name} ${rows.map(({ timeS, bytes }) => `${timeS}:${bytes}`).join()}`;
    if (seen.has(content)) continue;
    seen.add(content);
    if (rows.every(({ bytes }) => bytes < MB)) empty++;
    else pods.push({ name, rows });
  }
  return { pods, told: byKey.size, empty };
}

/** The service that a pod runs: its name without the day, and without what Kubernetes appends. */
export function serviceOf({ name }: Pod): string {
  return name.replace(/^\S+ /, '').replace(/-[0-9a-f]{7,10}-\w{5}$/, '');
}

/** Constants are chosen on the pods of every other service, and the figures of the rest are told apart. */
export function heldOutPods(pods: readonly Pod[]): ReadonlySet<Pod> {
  const services = [...new Set(pods.map(serviceOf))];
  return new Set(pods.filter((pod) => services.indexOf(serviceOf(pod)) % 2 === 1));
}

/** What the limit of a pod is taken to be, since the set does not tell it: its peak and a half, and 50 MB. */
function limitOf({ rows }: Pod): number {
  return 1.5 * Math.max(...rows.map(({ bytes }) => bytes)) + 50 * MB;
}

/**
 * A pod with a leak of so much of its limit an hour added from its first sample on; it ends when it meets the limit.
 * `asFloor`: the values are taken for floors after collections, which they are not; otherwise they are RSS, and all that is
 * known.
 */
export function podSeries(pod: Pod, shareAnHour: number, asFloor: boolean): BenchSeries {
  const limitBytes = limitOf(pod);
  const startS = pod.rows[0].timeS;
  const early = pod.rows
    .slice(0, 30)
    .map(({ bytes }) => bytes)
    .sort((a, b) => a - b);
  const levelBytes = early[early.length >> 1];
  let requests = 0;
  const samples = pod.rows.map(({ timeS, bytes: held, requests: served }) => {
    requests += served;
    const bytes = held + limitBytes * shareAnHour * ((timeS - startS) / 3600);
    const timeMs = timeS * 1000;
    return {
      point: { timeS, bytes, limitBytes },
      sample: {
        timeMs,
        floor: asFloor ? { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 } : null,
        heapUsedBytes: asFloor ? bytes : NaN,
        rssBytes: asFloor ? bytes + 40 * MB : bytes,
        externalBytes: asFloor ? 0 : NaN,
        arrayBuffersBytes: asFloor ? 0 : NaN,
        requests: asFloor ? requests : null,
        heapLimitBytes: asFloor ? limitBytes : NaN,
        rssLimitBytes: asFloor ? null : limitBytes,
      },
    };
  });
  const dead = samples.findIndex(({ point }) => point.bytes >= limitBytes);
  return {
    name: pod.name,
    samples: dead < 0 ? samples : samples.slice(0, dead),
    leaksFromS: shareAnHour > 0 ? startS : null,
    wayLeft: (index) => Math.min(1, Math.max(0, (limitBytes - samples[index].point.bytes) / (limitBytes - levelBytes))),
    roomLeft: (index) =>
      Math.min(1, Math.max(0, (limitBytes - samples[index].point.bytes) / (limitBytes - pod.rows[index].bytes))),
  };
}

/** What the pods of the same service on the other days did, for a judge that is told what was usual; null where there are none. */
export function otherDays(pod: Pod, pods: readonly Pod[], asFloor: boolean): SeenRises | null {
  const others = pods.filter((other) => other !== pod && serviceOf(other) === serviceOf(pod));
  if (others.length === 0) return null;
  const rises = new SeenRises();
  for (const other of others) {
    const { name, samples } = podSeries(other, 0, asFloor);
    for (const { point, sample } of samples) {
      const ageS = point.timeS - samples[0].point.timeS;
      rises.add({ process: name, ageS, bytes: point.bytes, requests: sample.requests });
    }
  }
  return rises;
}
