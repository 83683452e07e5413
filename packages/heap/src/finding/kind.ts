import type { FindingKind } from './finding.ts';
import type { Stop } from '../path/story.ts';

const BUFFERS =
  /^(ArrayBuffer|SharedArrayBuffer|Buffer|FastBuffer|Uint8Array|JSArrayBufferData|system \/ JSArrayBufferData)$/;
const COLLECTIONS = /^(Map|Set|WeakMap|WeakSet|Array|Object|FinalizationRegistry)$/;
const LISTENER_EDGES = new Set(['_events', 'kEvents', '_listeners', 'listeners', '__listeners']);

/** What sort of thing holds the memory, from the holder, the way to it and what piles up. */
export function kindOf(stops: Stop[], holderAt: number, sampleType: string): FindingKind {
  const around = stops.slice(Math.max(0, holderAt - 3), holderAt + 3);
  const holder = stops[holderAt];
  if (
    around.some((stop) => LISTENER_EDGES.has(stop.edge) || stop.type === 'Listener') &&
    (sampleType.startsWith('function') ||
      stops.some((stop) => stop.type === 'Listener') ||
      around.some((stop) => stop.edge === '_events'))
  ) {
    return 'listener';
  }
  if (/^(Timeout|Immediate|TimersList)$/.test(sampleType) || holder?.type === 'TimersList') return 'timer';
  if (sampleType === 'Module') return 'module';
  if (BUFFERS.test(sampleType)) return 'buffer';
  if (
    /^(Promise|PromiseReaction|system \/ PromiseReaction)$/.test(sampleType) ||
    holder?.type === 'Promise' ||
    stops.slice(holderAt).some((stop) => stop.type === 'PromiseReaction')
  )
    return 'promise';
  if (holder && COLLECTIONS.test(holder.type)) return 'collection';
  if (sampleType === 'string') return 'string';
  if (holder?.type === 'scope' || holder?.type.startsWith('function') || sampleType === 'system / Context')
    return 'closure';
  return 'other';
}
