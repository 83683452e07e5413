/**
 * Whether a version can bear what comes now: what one process of it was seen to bear, against what each would get. Pure.
 *
 * What was never seen may go well all the same. So nothing is refused by this; a person reads it first, and Ebb by itself
 * goes only where it is shown.
 */

/** A sample of a process, as far as capacity is told by it. */
export interface SeenLoad {
  timeMs: number;
  rssBytes: number | null;
  /** Since the process began. */
  requests: number | null;
}

/** What processes did. */
export interface Load {
  processes: number;
  peakRssBytes: number | null;
  /** Requests a second of one process: the most over a minute or longer. */
  mostPerSecond: number | null;
}

/** What comes now. */
export interface Demand {
  processes: number;
  /** Of each process, over the last minutes. */
  perSecond: number | null;
  /** The smallest container of theirs; null where none has a limit. */
  containerLimitBytes: number | null;
}

/** Whether it is enough: null where too little is known. */
export interface Capacity {
  isEnough: boolean | null;
  sentence: string;
}

const leastStretchMs = 55_000;
/** So much more than was seen is still likely to be borne. */
const reach = 1.25;
const largestShare = 0.9;

/** What the processes of these samples did, each in the order of time. */
export function loadOf(processes: readonly (readonly SeenLoad[])[]): Load {
  let [peak, most] = [-1, -1];
  for (const samples of processes) {
    let from = samples.at(0);
    for (const sample of samples) {
      peak = Math.max(peak, sample.rssBytes ?? -1);
      // A process that began anew counts from nothing.
      if (from?.requests == null || sample.requests === null || sample.requests < from.requests) from = sample;
      const passedMs = sample.timeMs - from.timeMs;
      if (passedMs < leastStretchMs) continue;
      most = Math.max(most, (((sample.requests ?? 0) - (from.requests ?? 0)) / passedMs) * 1000);
      from = sample;
    }
  }
  return {
    processes: processes.length,
    peakRssBytes: peak < 0 ? null : peak,
    mostPerSecond: most < 0 ? null : most,
  };
}

/** Whether processes of a version bear what comes. */
export function capacityOf(version: string, seen: Load, now: Demand): Capacity {
  const { peakRssBytes, mostPerSecond } = seen;
  if (seen.processes === 0 || mostPerSecond === null)
    return {
      isEnough: null,
      sentence: `${version} was not seen at work in the last days: whether it bears the present load is not known.`,
    };
  const { containerLimitBytes: limit, perSecond } = now;
  if (peakRssBytes !== null && limit !== null && peakRssBytes > limit * largestShare)
    return {
      isEnough: false,
      sentence: `${version} needed ${mb(peakRssBytes)} and the container has ${mb(limit)}: it may not fit.`,
    };
  if (perSecond === null)
    return {
      isEnough: null,
      sentence: `${version} bore ${rate(mostPerSecond)} a process; how many come now is not told.`,
    };
  const isEnough = perSecond <= mostPerSecond * reach;
  const sentence = isEnough
    ? `${version} bore ${rate(mostPerSecond)} a process; ${rate(perSecond)} come to each now.`
    : `${version} was never seen with more than ${rate(mostPerSecond)} a process, and ${rate(perSecond)} come to each now: it may not bear that.`;
  return { isEnough, sentence };
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

function rate(perSecond: number): string {
  return `${perSecond < 10 ? Number(perSecond.toFixed(1)) : Math.round(perSecond)} requests a second`;
}
