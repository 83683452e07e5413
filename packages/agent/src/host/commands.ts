import { CaptureError, collectGarbage, writeSourceMaps } from '@ebb/capture';
import type { CollectedMessage, MessageError, SourceMappedMessage, SourceMapsMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';

/** Takes a full collection in this thread. Never throws. */
export function collect(id: number, clock: HostClock): CollectedMessage {
  try {
    const before = process.cpuUsage();
    const { tookMs, ...floor } = collectGarbage(clock);
    return { type: 'collected', id, ok: true, floor, tookMs, cpuMs: cpuSince(before) };
  } catch (error) {
    return { type: 'collected', id, ok: false, error: messageError(error) };
  }
}

/** Writes this thread's source maps that are on no disk. Never throws. */
export function bringSourceMaps({ id, folder }: SourceMapsMessage): SourceMappedMessage {
  try {
    const { maps, left, pauseMs } = writeSourceMaps(folder);
    return { type: 'source-mapped', id, ok: true, maps, left, pauseMs };
  } catch (error) {
    return { type: 'source-mapped', id, ok: false, error: messageError(error) };
  }
}

/** CPU time of all threads of this process since then. */
export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

/** An error as the watcher is told it: codes of `@ebb/capture` stay, whatever else went wrong gets one. */
export function messageError(error: unknown): MessageError {
  if (error instanceof CaptureError) return { code: error.code, message: error.message };
  return { code: 'EBB_AGENT_COMMAND', message: error instanceof Error ? error.message : String(error) };
}
