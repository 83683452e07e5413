import fc from 'fast-check';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';
import { encodeWriteRequest } from '../fixtures/otlp-messages.ts';
import { readWriteRequest, unpackSnappy } from '../ingest/remote-write.ts';

const nowMs = Date.UTC(2026, 10, 21);
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ now: () => nowMs, limits: { bodyBytes: 1_000_000 } });
});
afterAll(async () => await server.remove());

type Series = [labels: Record<string, string>, ...samples: [timeMs: number, value: number][]];
const packed = (...series: Series[]): Buffer => {
  const timeseries = series.map(([labels, ...samples]) => ({
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: samples.map(([timestamp, value]) => ({ timestamp, value })),
  }));
  return compressSync(Buffer.from(encodeWriteRequest({ timeseries })));
};
const write = async (body: Buffer, token = server.agent, type = 'application/x-protobuf'): Promise<Answer> =>
  await server.send('POST', '/api/v1/write', {
    body,
    token,
    headers: { 'content-type': type, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
  });
const processesOf = async (name: string): Promise<Record<string, unknown>[]> => {
  const services = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
  const service = services.find((one) => one.name === name);
  return (await server.send('GET', `/api/v1/services/${service?.id}/processes`)).json as Record<string, unknown>[];
};

test('a scrape of any exporter becomes a process: RSS, limit, start, by job and instance', async () => {
  const target = { job: 'billing', instance: '10.0.0.1:8080', namespace: 'prod' };
  const body = packed(
    [{ __name__: 'process_resident_memory_bytes', ...target }, [nowMs, 5e7]],
    [{ __name__: 'process_start_time_seconds', ...target }, [nowMs, nowMs / 1000 - 60]],
    [{ __name__: 'go_goroutines', ...target }, [nowMs, 12]],
    [{ __name__: 'container_memory_working_set_bytes', container: 'web', pod: 'web-1' }, [nowMs, 6e7]],
    [{ __name__: 'container_spec_memory_limit_bytes', container: 'web', pod: 'web-1' }, [nowMs, 1e8]],
  );
  expect(await write(body)).toMatchObject({ status: 204, text: '' });
  expect(await processesOf('billing')).toMatchObject([
    { instance: '10.0.0.1:8080', rssBytes: 5e7, startedMs: nowMs - 60_000, judgedBy: 'server', verdict: 'warming' },
  ]);
  expect(await processesOf('web')).toMatchObject([{ instance: 'web-1', rssBytes: 6e7, containerLimitBytes: 1e8 }]);
});

test("what Ebb's agent serves to Prometheus carries its verdict", async () => {
  const target = { job: 'shop', instance: 'a:9464' };
  const body = packed(
    [{ __name__: 'ebb_verdict', ebb_verdict: 'leak', ...target }, [nowMs, 1]],
    [{ __name__: 'ebb_verdict', ebb_verdict: 'clean', ...target }, [nowMs, 0]],
    [{ __name__: 'ebb_growth_bytes_per_second', ebb_bound: 'estimate', ...target }, [nowMs, 2048]],
    [{ __name__: 'ebb_time_to_limit_seconds', ebb_bound: 'estimate', ...target }, [nowMs, 900]],
    [{ __name__: 'ebb_memory_floor_bytes', ebb_memory_kind: 'heap', ...target }, [nowMs, 3e7]],
    [{ __name__: 'ebb_memory_floor_bytes', ebb_memory_kind: 'external', ...target }, [nowMs, 1e6]],
    [{ __name__: 'ebb_memory_limit_bytes', ebb_limit_kind: 'heap', ...target }, [nowMs, 2e9]],
    [{ __name__: 'ebb_requests_total', ...target }, [nowMs, 77]],
  );
  expect((await write(body)).status).toBe(204);
  expect(await processesOf('shop')).toMatchObject([
    {
      judgedBy: 'agent',
      verdict: 'leak',
      bytesPerSecond: 2048,
      secondsToLimit: 900,
      floorBytes: 3.1e7,
      heapLimitBytes: 2e9,
      requests: 77,
    },
  ]);
});

test('a series of hours in one request is judged sample by sample', async () => {
  const samples = Array.from({ length: 600 }, (_, i): [number, number] => [nowMs - (600 - i) * 60_000, 1e8 + i * 2e6]);
  const labels = { __name__: 'process_resident_memory_bytes', job: 'slow', instance: 'a' };
  expect((await write(packed([labels, ...samples]))).status).toBe(204);
  expect(await processesOf('slow')).toMatchObject([{ judgedBy: 'server', verdict: 'leak' }]);
});

test('a stale marker and a clock that is off are counted, and never asked for again', async () => {
  const before = (await server.send('GET', '/api/v1/intake')).json;
  const labels = { __name__: 'process_resident_memory_bytes', job: 'gone', instance: 'a' };
  expect((await write(packed([labels, [nowMs, NaN], [nowMs + 3_600_000, 1]]))).status).toBe(204);
  const after = (await server.send('GET', '/api/v1/intake')).json;
  expect(after.unusedPoints - before.unusedPoints).toBe(1);
  expect(after.refusedPoints.clock - before.refusedPoints.clock).toBe(1);
});

test('a label of a megabyte is refused and counted; one that nobody reads costs nothing', async () => {
  const usual = await startTestServer({ now: () => nowMs });
  const huge = 'h'.repeat(1_000_000);
  const labels = { __name__: 'process_resident_memory_bytes', job: 'shop', instance: 'a' };
  for (const told of [{ job: huge }, { instance: huge }, { version: huge }, { color: huge }]) {
    const { status } = await usual.send('POST', '/api/v1/write', {
      body: packed([{ ...labels, ...told }, [nowMs, 5e7]]),
      token: usual.agent,
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    });
    expect(status).toBe(204);
  }
  expect((await usual.send('GET', '/api/v1/intake')).json.refusedPoints.label).toBe(3);
  expect((await usual.send('GET', '/api/v1/services')).json).toMatchObject([{ name: 'shop', processes: 1 }]);
  await usual.remove();
});

test.each([
  ['no snappy', () => Buffer.from('plain text'), 400],
  ['nothing', () => Buffer.alloc(0), 400],
  ['snappy that is cut off', () => packed([{ job: 'x'.repeat(500) }]).subarray(0, 30), 400],
  ['snappy of no message', () => compressSync(Buffer.from([0x0a, 0xff, 0xff])), 400],
  ['a bomb', () => compressSync(Buffer.alloc(3_000_000)), 413],
  ['a block that claims 4 GB', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 413],
])('%s is refused', async (_what, body, status) => {
  expect((await write(body())).status).toBe(status);
});

test("it takes agents' tokens only, and says that 2.0 is not spoken", async () => {
  const body = packed([{ __name__: 'up', job: 'x' }, [nowMs, 1]]);
  expect((await write(body, '')).status).toBe(401);
  const second = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
  expect(await write(body, server.agent, second)).toMatchObject({
    status: 415,
    json: { code: 'EBB_SERVER_MEDIA_TYPE' },
  });
});

test('any bytes are refused or read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const block = await unpackSnappy(Buffer.from(bytes), 10_000).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^EBB_SERVER_/) });
        return bytes;
      });
      try {
        for (const { timeMs } of readWriteRequest(block, nowMs).reports) expect(Number.isFinite(timeMs)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 500 },
  );
});

const series = fc.record({
  labels: fc.array(
    fc.record({
      name: fc.constantFrom('__name__', 'job', 'instance', 'pod', 'other'),
      value: fc.oneof(fc.constantFrom('process_resident_memory_bytes', 'ebb_requests_total', 'up'), fc.string()),
    }),
    { maxLength: 5 },
  ),
  samples: fc.array(
    fc.record({
      value: fc.double(),
      timestamp: fc.oneof(
        fc.integer({ min: -60_000, max: 60_000 }).map((by) => nowMs + by),
        fc.maxSafeInteger(),
      ),
    }),
    { maxLength: 5 },
  ),
});

test('what is encoded is read as it was, down to each sample', () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), (timeseries) => {
      const { points, unused, refused, reports } = readWriteRequest(encodeWriteRequest({ timeseries }), nowMs);
      const samples = timeseries.flatMap((one) => one.samples);
      expect(points).toBe(samples.length);
      const known = timeseries.filter(({ labels }) => {
        const name = labels.findLast((label) => label.name === '__name__')?.value;
        return name === 'process_resident_memory_bytes' || name === 'ebb_requests_total';
      });
      const off = known.flatMap((one) => one.samples).filter(({ timestamp }) => Math.abs(timestamp - nowMs) > 60_000);
      expect(refused.get('clock') ?? 0).toBe(off.length);
      expect(unused).toBeLessThanOrEqual(points - off.length);
      const values = new Set(samples.map(({ value }) => value));
      for (const { figures } of reports)
        for (const figure of [figures.rssBytes, figures.requests])
          if (figure !== null) expect(values).toContain(figure);
    }),
    { numRuns: 300 },
  );
});

test('a request that is cut off anywhere is refused, or read up to a field that was whole', () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 3 }), fc.nat(), (timeseries, at) => {
      const whole = encodeWriteRequest({ timeseries });
      const full = readWriteRequest(whole, nowMs).points;
      try {
        expect(readWriteRequest(whole.subarray(0, at % (whole.length + 1)), nowMs).points).toBeLessThanOrEqual(full);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 300 },
  );
});
