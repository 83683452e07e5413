import { CaptureError, captureSnapshotInline, collectGarbage } from '@ebb/capture';
import type { CapturedMessage, CollectedMessage, MessageError, SnapshotMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import type { RequestWatch } from './requests.ts';

/** Takes a full collection in this thread. Never throws. */
export function collect(id: number, clock: HostClock): CollectedMessage {
  try {
    const { tookMs, ...floor } = collectGarbage(clock);
    return { type: 'collected', id, ok: true, floor, tookMs };
  } catch (error) {
    return { type: 'collected', id, ok: false, error: messageError(error) };
  }
}

/** Writes a heap snapshot of this thread, which stands still meanwhile. Never throws. */
export function capture({ id, file }: SnapshotMessage, watch: RequestWatch): CapturedMessage {
  const counts = { requests: watch.total, requestsByRoute: watch.byRoute() };
  try {
    return { type: 'captured', id, ok: true, ...captureSnapshotInline(file), ...counts };
  } catch (error) {
    return { type: 'captured', id, ok: false, method: 'inline', ...counts, error: messageError(error) };
  }
}

function messageError(error: unknown): MessageError {
  if (error instanceof CaptureError) return { code: error.code, message: error.message };
  return { code: 'EBB_AGENT_COMMAND', message: error instanceof Error ? error.message : String(error) };
}
