/** The storefront as a cluster that reports to a server: minutes stand for days. */
import { join } from 'node:path';
import { findFreePort } from '../demo/free-port.ts';
import { beside } from './beside.ts';
import { startProgram, type Running } from './ebb.ts';
import type { OutageServer } from './server.ts';

/** A fleet whose orders come through a socket. */
export interface RunningFleet {
  readonly pid: number;
  /** Where its customers go. */
  readonly url: string;
  readonly socketPath: string;
  stop(): Promise<void>;
}

/** Starts it without a release; resolves when it takes orders. */
export async function startFleet(folder: string, server: Pick<OutageServer, 'telemetry'>): Promise<RunningFleet> {
  const port = await findFreePort();
  const socketPath = join(folder, 'fleet.sock');
  const running: Running = await startProgram(
    [beside('fleet.js')],
    {
      ...server.telemetry,
      FLEET_SOCKET: socketPath,
      PORT: String(port),
      // Minutes stand for days: sessions expire, and the agent judges, while one looks on.
      SESSION_IDLE_SECONDS: '4',
      SESSION_SWEEP_SECONDS: '1',
      OTEL_SERVICE_NAME: 'storefront',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      EBB_SAMPLE_INTERVAL: '250',
      EBB_WARMUP: '3000',
      EBB_DRAIN: 'message',
      EBB_DRAIN_IDLE: '1000',
      EBB_RECORD_DIR: join(folder, 'records'),
    },
    /takes orders/,
  );
  return {
    url: `http://127.0.0.1:${String(port)}`,
    socketPath,
    pid: running.child.pid ?? 0,
    stop: () => running.stop(),
  };
}
