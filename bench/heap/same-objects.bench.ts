// How often are the objects of two snapshots told rightly as the same by how they are held, when V8's ids say nothing
// (decision 17), and what does that cost beside the analysis? Programs in which much comes and goes write snapshots of
// themselves, so that V8's ids tell the truth; the walk does not look at them.
// `npm run bench:same-objects -w packages/heap`; committed: results/same-objects.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is used of a graph. */
interface Graph {
  nodeCount: number;
  nodeId: Uint32Array;
  nodeType: Uint8Array;
  nodeTypes: Record<'object' | 'closure' | 'array' | 'string', number>;
}

const dist = async (file: string): Promise<unknown> =>
  await import(new URL(`../../packages/heap/dist/${file}`, import.meta.url).href);
const { parseSnapshot } = (await dist('parse/parse-snapshot.js')) as { parseSnapshot: (file: string) => object };
const { buildGraph } = (await dist('graph/heap-graph.js')) as { buildGraph: (parsed: object) => Graph };
const { analyze } = (await dist('finding/analyze.js')) as { analyze: (input: object) => object };
const { NO_OBJECT, sameObjects } = (await dist('identity/same-objects.js')) as {
  NO_OBJECT: number;
  sameObjects: (older: Graph, newer: Graph) => Uint32Array;
};

/** What each program does in a step; what it keeps from step to step stands in `kept`. */
const programs: Record<string, string> = {
  'sessions in a map, a tenth of them end': `
    kept.sessions ??= new Map();
    for (let i = 0; i < 20_000; i++) kept.sessions.set('s' + step + '/' + i, new Session(i));
    for (const key of kept.sessions.keys()) if (Math.random() < 0.1) kept.sessions.delete(key);`,
  'a session store: as many as before, nearly all of them others': `
    kept.store ??= new Map();
    for (const key of [...kept.store.keys()]) if (Math.random() < 0.9) kept.store.delete(key);
    while (kept.store.size < 20_000) kept.store.set(crypto.randomUUID(), new Session(1));`,
  'a cache that is full, and forgets the oldest': `
    kept.cache ??= new Map();
    for (let i = 0; i < 30_000; i++) { kept.cache.set(step * 30_000 + i, new Session(i)); if (kept.cache.size > 25_000) kept.cache.delete(kept.cache.keys().next().value); }`,
  'a queue that is shifted, and grows': `
    kept.queue ??= [];
    for (let i = 0; i < 20_000; i++) kept.queue.push(new Session(i));
    kept.queue.splice(0, 8_000);`,
  'timers: a third is due before the next snapshot': `
    for (let i = 0; i < 10_000; i++) { const session = new Session(i); setTimeout(() => session.id, i % 3 === 0 ? 1 : 1e6).unref(); }
    await new Promise((resolve) => setTimeout(resolve, 50));`,
  'objects used as dictionaries, keys come and go': `
    kept.users ??= {};
    for (let i = 0; i < 15_000; i++) kept.users['user' + (step * 10_000 + i)] = new Session(i);
    for (let i = 0; i < 5_000; i++) delete kept.users['user' + (step * 10_000 + i * 2)];`,
  'listeners and promises that wait': `
    kept.bus ??= new (await import('node:events')).EventEmitter().setMaxListeners(0);
    for (let i = 0; i < 8_000; i++) { const session = new Session(i); kept.bus.on('event' + (i % 10), () => session.id); new Promise(() => {}).then(() => session); }`,
};

const folder = mkdtempSync(join(tmpdir(), 'ebb-same-objects-'));
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

function snapshotsOf(body: string): string[] {
  const file = join(folder, 'program.mjs');
  writeFileSync(
    file,
    `import { writeHeapSnapshot } from 'node:v8';
    class Session { constructor(id) { this.id = id; this.cart = [{ id }]; this.name = 'name ' + id; } }
    const kept = globalThis.kept = {};
    for (let step = 0; step < 3; step++) { ${body}
      writeHeapSnapshot(process.argv[2] + '/' + step + '.heapsnapshot'); }
    process.exit();`,
  );
  execFileSync(process.execPath, [file, folder]);
  return [0, 1, 2].map((step) => join(folder, `${step}.heapsnapshot`));
}

/** CPU seconds of what is run, and what it gives. */
function timed<T>(run: () => T): { result: T; cpuSeconds: number } {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}

interface Row {
  objects: number;
  right: number;
  wrong: number;
  missed: number;
  came: number;
  replaced: number;
  walkSeconds: number;
}

/** V8's own code and feedback change by themselves; what people look for are objects, functions, arrays and strings. */
function compare(older: Graph, newer: Graph): Row {
  const { result: olderOf, cpuSeconds } = timed(() => sameObjects(older, newer));
  const truth = new Map(Array.from(older.nodeId, (id, node) => [id, node]));
  const { object, closure, array, string } = newer.nodeTypes;
  const counts = { objects: 0, right: 0, wrong: 0, missed: 0, came: 0, replaced: 0 };
  for (let node = 1; node < newer.nodeCount; node++) {
    if (![object, closure, array, string].includes(newer.nodeType[node])) continue;
    counts.objects++;
    const was = truth.get(newer.nodeId[node]);
    const found = olderOf[node];
    if (was === undefined) counts[found === NO_OBJECT ? 'came' : 'replaced']++;
    else counts[found === was ? 'right' : found === NO_OBJECT ? 'missed' : 'wrong']++;
  }
  return { ...counts, walkSeconds: cpuSeconds };
}

const lines: string[] = [];
const shares: number[] = [];
for (const [name, body] of Object.entries(programs)) {
  const files = snapshotsOf(body);
  const read = (file: string): Graph => buildGraph(parseSnapshot(file));
  const row = compare(read(files[1]), read(files[2]));
  const { cpuSeconds } = timed(() => analyze({ files: files.slice(2), cwd: folder, work: [], onProgress() {} }));
  const stayed = row.right + row.wrong + row.missed;
  shares.push(row.walkSeconds / cpuSeconds);
  const percent = (part: number): string => `${((part / stayed) * 100).toFixed(2)} %`;
  lines.push(
    `| ${name} | ${row.objects} | ${stayed} | ${percent(row.right)} | ${percent(row.wrong)} | ${percent(row.missed)} | ${row.came} | ${row.replaced} | ${(row.walkSeconds / cpuSeconds).toFixed(2)} |`,
  );
}
rmSync(folder, { recursive: true, force: true });
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0].model}; the second and third of three snapshots of each program.
Objects, functions, arrays and strings; "right", "wrong" and "missed" are shares of those that were there before; those
that came since and are told as new, and those that took the place of one of their class that went ("replaced": told as
that one); the last column is the CPU time of the walk over that of the analysis of one snapshot (median ${median(shares).toFixed(2)}).

| program | objects | were there before | right | wrong | missed | came, told as new | replaced | CPU, of an analysis |
|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}`);
