// A service under load that takes snapshots of itself, for the benches beside this file: it allocates all the time, so
// that the collector runs all the time, answers requests, and on a message takes one snapshot and says how it went.
//
//   node host.mjs '{"heapMegabytes":20,"workers":0,"inspector":false,"churn":true}'
import { createServer } from 'node:http';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CaptureError, captureSnapshot, measureChildRoom } from '@ebb/capture';

const shapes = {
  /** @param {number} id as a shop keeps them: many small objects */
  sessions: (id) => ({
    id,
    user: { name: `user ${id}`, since: new Date() },
    cart: [1, 2, 3],
    note: 'x'.repeat(200) + id,
  }),
  /** @param {number} id the tiniest objects that there are */
  tiny: (id) => ({ id }),
  /** @param {number} id */
  numbers: (id) => [id + 0.5, id + 0.25, id * 1.1, id / 3],
  /** @param {number} id */
  closures: (id) => () => id,
  /** @param {number} id */
  maps: (id) =>
    new Map(
      /** @type {[unknown, unknown][]} */ ([
        [id, { id }],
        [`k${id}`, id],
      ]),
    ),
  /** @param {number} id */
  strings: (id) => Buffer.alloc(1000, 97 + (id % 26)).toString('latin1') + id,
  /** @param {number} id */
  arrays: (id) => new Array(500).fill(id),
  /** @param {number} id as a cache of pages: few and large */
  pages: (id) => ({ id, html: Buffer.alloc(20_000, 97 + (id % 26)).toString('latin1') + id }),
};
/** @typedef {{ heapMegabytes: number, shape?: keyof typeof shapes, workers?: number, inspector?: boolean, churn?: boolean, busyPool?: boolean }} HostOptions */

/** @type {HostOptions} */
const options = JSON.parse(process.argv[2] ?? '{}');

const make = shapes[options.shape ?? 'sessions'];
/** @type {Map<string, unknown>} */
const sessions = new Map();
while (process.memoryUsage().heapUsed < options.heapMegabytes * 1e6) {
  for (let i = 0; i < 1000; i++) sessions.set(`session ${sessions.size}`, make(sessions.size));
}

if (options.churn !== false) {
  /** @type {unknown[]} */
  let kept = [];
  setInterval(() => {
    for (let i = 0; i < 4000; i++) kept.push({ i, list: new Array(20).fill(i), text: `s${Math.random()}` });
    if (kept.length > 40_000) kept = [];
  }, 5);
}
if ((options.workers ?? 0) > 0) {
  const { Worker } = await import('node:worker_threads');
  const busy = `let kept = []; setInterval(() => {
    for (let i = 0; i < 20000; i++) kept.push({ i, list: new Array(10).fill(i) });
    if (kept.length > 100000) kept = [];
  }, 2);`;
  for (let i = 0; i < (options.workers ?? 0); i++)
    new Worker(new URL(`data:text/javascript,${encodeURIComponent(busy)}`)).unref();
}
if (options.busyPool === true) {
  // Native code in libuv's threads, all the time: compressing, hashing, reading.
  const { gzip } = await import('node:zlib');
  const { pbkdf2 } = await import('node:crypto');
  const { readFile } = await import('node:fs');
  const block = Buffer.alloc(1 << 20, 'some text to compress ');
  /** @type {(() => void)[]} */
  const again = [
    () => gzip(block, again[0]),
    () => pbkdf2('secret', 'salt', 20_000, 64, 'sha512', again[1]),
    () => readFile(process.execPath, () => again[2]?.()),
  ];
  for (const start of again) start();
}
if (options.inspector === true) {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  for (const method of ['Runtime.enable', 'Debugger.enable', 'HeapProfiler.enable']) session.post(method);
  session.post('HeapProfiler.startSampling', { samplingInterval: 131_072 });
}

const server = createServer((request, response) => {
  const session = sessions.get(`session ${Math.floor(Math.random() * sessions.size)}`);
  response.end(JSON.stringify({ url: request.url, session, list: new Array(50).fill(request.url) }).slice(0, 5000));
});
// A connection that the server ends in the moment that a request comes on it is nobody's fault.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0, ...state() });
});

/** @typedef {{ file: string, method: 'fork' | 'inline', timeoutMs?: number, niceness?: number, optimistic?: boolean }} CaptureMessage */

process.on('message', (/** @type {CaptureMessage} */ { optimistic, ...message }) => {
  const before = state();
  // With `optimistic` nothing is refused for want of memory before the fork: the watching thread alone has to save us.
  const room = optimistic === true ? { measureRoom } : {};
  captureSnapshot({ ...message, ...room }).then(
    (capture) => process.send?.({ capture, before, after: state() }),
    (/** @type {unknown} */ error) => process.send?.({ error: told(error), before, after: state() }),
  );
});

/** @param {string | null} file */
function measureRoom(file) {
  return { ...measureChildRoom(file), heapUsedBytes: 0, smallObjectsBytes: 0 };
}

process.on('disconnect', () => process.exit());

/** @param {unknown} error */
function told(error) {
  if (!(error instanceof CaptureError)) return { code: String(error), message: '', attempts: [] };
  return { code: error.code, message: error.message, attempts: error.attempts };
}

function state() {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed, descriptors: descriptors(), zombies: zombies() };
}

/** Open descriptors without sockets: those come and go with the requests. */
function descriptors() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

/** Children that have ended and that nobody has waited for. */
function zombies() {
  return readdirSync('/proc/self/task')
    .flatMap((tid) => read(`/proc/self/task/${tid}/children`).split(' ').filter(Boolean))
    .filter((pid) => / Z /.test(read(`/proc/${pid}/stat`))).length;
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
