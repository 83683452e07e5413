// A million label values: bounded, counted, reported.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressSync } from 'snappy';
import { expect, test } from 'vitest';
import { startHost } from './fixtures/soak.ts';
import { encodeWriteRequest } from './fixtures/otlp-messages.ts';

const requests = 100;
const seriesARequest = 10_000;

test(
  'a million instances of a service cost no more memory than those that are taken',
  { timeout: 600_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ebb-flood-'));
    const host = await startHost({ directory, leak: false });
    try {
      // One series again and again, with another instance each time.
      const labels = { __name__: 'process_resident_memory_bytes', job: 'flood', instance: '00000000' };
      const told = Object.entries(labels).map(([name, value]) => ({ name, value }));
      const samples = [{ value: 1e8, timestamp: Date.now() }];
      const one = Buffer.from(encodeWriteRequest({ timeseries: [{ labels: told, samples }] }));
      const digits = one.indexOf(labels.instance);
      const send = async (number: number): Promise<void> => {
        const body = Buffer.concat(Array.from({ length: seriesARequest }, () => one));
        for (let i = 0; i < seriesARequest; i++)
          body.write(String(number * seriesARequest + i).padStart(8, '0'), i * one.length + digits);
        const response = await fetch(`${host.url}/api/v1/write`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${host.agent}`,
            'content-type': 'application/x-protobuf',
            'content-encoding': 'snappy',
          },
          body: compressSync(body) as Uint8Array<ArrayBuffer>,
        });
        expect(response.status).toBe(204);
      };
      await send(0);
      const before = await host.memory();
      for (let number = 1; number < requests; number++) await send(number);
      const after = await host.memory();
      // What a million of anything would cost.
      expect(after.heapUsed - before.heapUsed).toBeLessThan(8e6);
      const answer = await fetch(`${host.url}/api/v1/intake`, { headers: { authorization: `Bearer ${host.admin}` } });
      const intake = (await answer.json()) as { knownProcesses: number; refusedPoints: { processes: number } };
      expect(intake.knownProcesses).toBe(100);
      expect(intake.refusedPoints.processes).toBe(requests * seriesARequest - 100);
    } finally {
      await host.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
