// On real pods that don't leak: how often is MemoryJudge wrong, and does it find leaks that are injected into them?
// Run by hand: node_modules/.bin/node bench/trend/pods.bench.ts FILE.csv.gz   (Nezha's pods, see the fixtures' README)
// The working set stands for the floor, or ("memory in use") for a process whose collections are never seen.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { MemoryJudge } from '@ebb/trend';

const MB = 1048576;

interface Row {
  timeS: number;
  bytes: number;
  requests: number;
}

function load(file: string): Row[][] {
  const series = new Map<string, Row[]>();
  for (const line of gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1)) {
    const [set, day, pod, time, megabytes, ops] = line.split(',');
    const key = `${set} ${day} ${pod}`;
    const rows = series.get(key) ?? [];
    series.set(key, rows);
    rows.push({ timeS: Number(time), bytes: Number(megabytes) * MB, requests: Number(ops) });
  }
  return [...series.values()].map((rows) => rows.sort((a, b) => a.timeS - b.timeS));
}

function judge(rows: Row[], byFloor: boolean, leakShareAnHour: number) {
  const limitBytes = 1.5 * Math.max(...rows.map((row) => row.bytes)) + 50 * MB;
  const startS = rows[0].timeS;
  const memoryJudge = new MemoryJudge({ warmupMs: 600_000 });
  const first: { leak?: number; suspicious?: number; native?: number; taken?: number } = {};
  let requests = 0;
  for (const row of rows) {
    requests += row.requests;
    const hours = (row.timeS - startS) / 3600;
    const bytes = row.bytes + limitBytes * leakShareAnHour * hours;
    const timeMs = row.timeS * 1000;
    const judgement = memoryJudge.observe({
      timeMs,
      floor: byFloor ? { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 } : null,
      heapUsedBytes: bytes,
      rssBytes: bytes + 40 * MB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests,
      heapLimitBytes: limitBytes,
      rssLimitBytes: null,
    });
    if (judgement.suspicious) first.suspicious ??= hours;
    if (judgement.verdict === 'native') first.native ??= hours;
    if (judgement.verdict === 'leak' && first.leak === undefined) first.leak = hours;
  }
  return first;
}

const all = load(process.argv[2] ?? '');
const hours = all.reduce((sum, rows) => sum + (rows.at(-1)!.timeS - rows[0].timeS) / 3600, 0);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`);
console.log(`${all.length} series of real pods, ${(hours / 24).toFixed(1)} series-days in all, a sample a minute.\n`);
console.log(
  '| judged by | leak injected, of the limit an hour | ever leak | ever native | ever suspicious | hours to leak (median) |',
);
console.log('|---|---|---|---|---|---|');
for (const byFloor of [true, false]) {
  for (const share of [0, 0.01, 0.05]) {
    const results = all.map((rows) => judge(rows, byFloor, share));
    const count = (name: 'leak' | 'native' | 'suspicious') =>
      results.filter((first) => first[name] !== undefined).length;
    const delays = results.flatMap((first) => first.leak ?? []).sort((a, b) => a - b);
    const median = delays.length > 0 ? delays[delays.length >> 1].toFixed(1) : '–';
    const shareTold = share === 0 ? 'none' : `${share * 100} %`;
    console.log(
      `| ${byFloor ? 'floor' : 'memory in use'} | ${shareTold} | ${count('leak')} | ${count('native')} | ${count('suspicious')} | ${median} |`,
    );
  }
}
