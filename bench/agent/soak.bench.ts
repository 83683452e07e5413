// Does the agent stay as small as it is after a day? A host publishes a million requests, each with a URL of its own and
// from a client of its own, to an agent that samples every 10 ms and exports every second (a day's 17,280 samples take three
// minutes) to a receiver that is away every other ten seconds. Three snapshots of the host are given to Ebb's own analyser:
// it must not find a leak, and the heap must not have grown by more than a megabyte. The recorder writes as often as the
// agent samples, and stays one file of 256 KB that can be read.
// `npm run soak -w packages/agent` takes about four minutes; an argument names other seconds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readRecord } from '@ebb/agent';
import { analyzeSnapshots, renderFindings } from '@ebb/heap';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const seconds = Number(process.argv[2] ?? 180);
const folder = mkdtempSync(join(tmpdir(), 'ebb-soak-'));
const mostGrowthBytes = 2 ** 20;

let exports = 0;
let largestExport = 0;
let withClients = 0;
let away = false;
const receiver = createServer((request, response) => {
  if (away) {
    request.socket.destroy();
    return;
  }
  const parts: Buffer[] = [];
  request.on('error', () => undefined);
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    exports += 1;
    const text = gunzipSync(Buffer.concat(parts)).toString();
    largestExport = Math.max(largestExport, text.length);
    if (text.includes('"ebb.clients"')) withClients += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const toggling = setInterval(() => (away = !away), 10_000);
const { port } = receiver.address() as AddressInfo;
const host = spawn(
  process.execPath,
  ['--expose-gc', '--require', here('../../packages/agent/dist/register.cjs'), here('soak-host.cjs')],
  {
    env: {
      PATH: process.env['PATH'],
      EBB_SAMPLE_INTERVAL: '10',
      EBB_PROMETHEUS_PORT: '0',
      EBB_RECORD_DIR: join(folder, 'records'),
      // By it clients are counted: each request comes from one of a million addresses.
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20soak',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(port)}`,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const lines = createInterface({ input: host.stdout });
const tell = async (file: string): Promise<{ made: number; heapBytes: number }> => {
  const line = once(lines, 'line') as Promise<[string]>;
  host.stdin.write(`${file}\n`);
  return JSON.parse((await line)[0]) as { made: number; heapBytes: number };
};

try {
  const files: string[] = [];
  const states: { made: number; heapBytes: number }[] = [];
  // The first when all is loaded, compiled and full that will be.
  for (const share of [0.25, 0.6, 1]) {
    const untilMs = share * seconds * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, untilMs - performance.now())));
    const file = join(folder, `${String(files.length)}.heapsnapshot`);
    states.push(await tell(file));
    files.push(file);
    console.log(`${(performance.now() / 1000).toFixed(0)} s: ${JSON.stringify(states.at(-1))}, ${exports} exports`);
  }
  const report = await analyzeSnapshots(files, { work: states.map(({ made }) => made) });
  const grownBytes = (states[2]?.heapBytes ?? 0) - (states[0]?.heapBytes ?? 0);
  console.log(renderFindings(report, { color: false, width: 120 }));
  console.log(
    `${states[2]?.made} requests, ${exports} exports of at most ${(largestExport / 1024).toFixed(0)} KB, ` +
      `heap ${((states[2]?.heapBytes ?? 0) / 2 ** 20).toFixed(1)} MB, grown by ${(grownBytes / 1024).toFixed(0)} KB`,
  );
  const records = readdirSync(join(folder, 'records')).map((name) => join(folder, 'records', name));
  const recordBytes = records.reduce((sum, file) => sum + statSync(file).size, 0);
  const record = records[0] === undefined ? null : readRecord(records[0]);
  const written = (record?.overwritten ?? 0) + (record?.samples.length ?? 0);
  console.log(`${records.length} record of ${recordBytes / 1024} KB, written to ${written} times`);
  const failures = [
    report.verdict === 'leak' ? 'the analyser finds a leak' : '',
    grownBytes > mostGrowthBytes ? 'the heap has grown' : '',
    exports === 0 ? 'nothing was exported' : '',
    withClients < exports / 2 ? 'clients were not counted' : '',
    records.length !== 1 || recordBytes !== 262_144 ? 'the record is not one file of 256 KB' : '',
    record === null || record.tornSlots > 0 || written < seconds * 10 ? 'the record is not what was written' : '',
    largestExport > 256 * 1024 ? 'an export is larger than 256 KB' : '',
    seconds >= 180 && (states[2]?.made ?? 0) < 1_000_000 ? 'there were fewer than a million requests' : '',
  ].filter((text) => text !== '');
  console.log(failures.length === 0 ? 'bounded' : `NOT bounded: ${failures.join('; ')}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  host.kill('SIGKILL');
  clearInterval(toggling);
  receiver.close();
  receiver.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
