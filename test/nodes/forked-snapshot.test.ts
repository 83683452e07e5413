// A program takes forked snapshots of itself, on every Node, while it works, and while everything that can go wrong does.
// It counts what must not stay: descriptors, children, files. Nothing here is judged by how long it took.
import { afterAll, describe, expect, test } from 'vitest';
import { makeProgramFolder } from './capture-program.ts';
import { availableNodes } from './index.ts';

const folder = makeProgramFolder();
afterAll(folder.remove);
const { run } = folder;

const nothingLeft = { children: 0, files: [] };

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  test('a whole snapshot comes from a child while the program allocates, and says how long the program stood still', () => {
    const told = run(
      node,
      `
      let kept = [];
      setInterval(() => { for (let i = 0; i < 2000; i++) kept.push({ i, list: new Array(10).fill(i) }); if (kept.length > 20000) kept = []; }, 5);
      const before = left();
      let turns = 0;
      const counting = setInterval(() => turns++, 1);
      const { attempts, ...capture } = await captureSnapshot({ file });
      clearInterval(counting);
      Object.assign(told, { capture, sum: attempts.reduce((sum, { pauseMs }) => sum + pauseMs, 0), turns, before, after: left(),
        last: attempts.at(-1), mode: statSync(file).mode & 0o777, size: statSync(file).size, hasAllSessions: hasAllSessions(readFileSync(file, 'utf8')) });
      tell();`,
    );
    const { capture, after, before } = told as Record<string, Record<string, number>>;
    expect(capture).toMatchObject({ method: 'fork', bytes: told['size'], pauseMs: told['sum'] });
    expect(capture['pauseMs']).toBeGreaterThan(0);
    expect(told).toMatchObject({ hasAllSessions: true, mode: 0o600, last: { outcome: 'whole' } });
    // The event loop went on meanwhile, and nothing stays but the file.
    expect(told['turns']).toBeGreaterThan(1);
    expect(after).toEqual({ ...before, files: ['a.heapsnapshot'] });
  });

  test('a connection that the program ends is ended for its peer at once, and its port is free, while the child lives', () => {
    const told = run(
      node,
      `
      const server = createServer((socket) => globalThis.socket = socket).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address();
      const client = connect(port, '127.0.0.1');
      await new Promise((resolve) => server.once('connection', resolve));
      const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
      const stop = new AbortController();
      const capture = captureSnapshot({ file, signal: stop.signal, stallMs: 15000 }).catch(({ code }) => code);
      let over = false;
      void capture.then(() => { over = true; });
      // It has closed what it inherited as soon as it has changed its name; a child that hangs before is replaced.
      const named = (pid) => { try { return readFileSync('/proc/' + pid + '/comm', 'utf8').trim() === 'ebb-snapshot'; } catch { return false; } };
      let pid;
      while ((pid = children().find(named)) === undefined && !over) await new Promise((resolve) => setTimeout(resolve, 1));
      process.kill(pid, 'SIGSTOP');
      const ended = new Promise((resolve) => client.once('close', resolve));
      client.resume();
      globalThis.socket.destroy();
      await ended;
      await new Promise((resolve) => server.close(resolve));
      const again = createServer().listen(port, '127.0.0.1');
      await new Promise((resolve, reject) => { again.once('listening', resolve); again.once('error', reject); });
      again.close();
      told.priority = readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1].split(' ')[16];
      told.oomScore = readFileSync('/proc/' + pid + '/oom_score_adj', 'utf8').trim();
      // The program's own child is still there, and has been left alone.
      child.stdin.end('still here');
      told.own = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
      await new Promise((resolve) => child.once('exit', resolve));
      stop.abort();
      told.code = await capture;
      told.left = left();
      tell();`,
    );
    expect(told).toMatchObject({
      priority: '19',
      oomScore: '1000',
      own: 'still here',
      code: 'EBB_CAPTURE_ABORTED',
      left: nothingLeft,
    });
  });

  test('a child that is killed or that hangs is replaced, three times at most, and the program lives on', () => {
    const told = run(
      node,
      `
      const before = left();
      let off = toChildren(1, (pid) => process.kill(pid, 'SIGKILL'));
      told.killed = await outcomeOf(captureSnapshot({ file }));
      off();
      told.hasAllSessions = hasAllSessions(readFileSync(file, 'utf8'));
      rmSync(file);
      off = toChildren(99, (pid) => process.kill(pid, 'SIGSTOP'));
      told.stopped = await outcomeOf(captureSnapshot({ file, stallMs: 200 }));
      off();
      told.late = await outcomeOf(captureSnapshot({ file, timeoutMs: 1 }));
      told.same = JSON.stringify(left()) === JSON.stringify(before);
      tell();`,
    );
    expect(told).toEqual({
      killed: { method: 'fork', outcomes: ['died', 'whole'] },
      hasAllSessions: true,
      stopped: { name: 'CaptureError', code: 'EBB_CAPTURE_CHILD_FAILED' },
      late: { name: 'CaptureError', code: 'EBB_CAPTURE_CHILD_FAILED' },
      same: true,
    });
  });

  test('a target that is missing or taken, and a file that must not grow so large, each end with their code', () => {
    const told = run(
      node,
      `
      const before = left();
      told.missing = await outcomeOf(captureSnapshot({ file: join(folder, 'none', 'a') }));
      writeFileSync(file, 'older evidence');
      told.taken = await outcomeOf(captureSnapshot({ file }));
      told.older = readFileSync(file, 'utf8');
      rmSync(file);
      told.tooLarge = await captureSnapshot({ file }).catch(({ code, message }) => ({ code, message }));
      told.same = JSON.stringify(left()) === JSON.stringify(before);
      tell();`,
      // 2000 blocks of 512 bytes: a snapshot of the smallest program has several times as much.
      'ulimit -f 2000',
    );
    expect(told).toMatchObject({
      missing: { code: 'EBB_CAPTURE_FILE' },
      taken: { code: 'EBB_CAPTURE_EXISTS' },
      older: 'older evidence',
      tooLarge: { code: 'EBB_CAPTURE_INCOMPLETE', message: expect.stringContaining('EFBIG') as string },
      same: true,
    });
  });

  test('a file that appears, or a folder that vanishes, while the child writes, costs the snapshot and nothing else', () => {
    const told = run(
      node,
      `
      let off = toChildren(1, () => writeFileSync(file, 'other evidence'));
      told.overtaken = await outcomeOf(captureSnapshot({ file }));
      off();
      told.other = readFileSync(file, 'utf8');
      off = toChildren(1, () => rmSync(folder, { recursive: true }));
      told.vanished = await outcomeOf(captureSnapshot({ file: join(folder, 'b') }));
      off();
      told.after = left();
      tell();`,
    );
    expect(told).toMatchObject({
      overtaken: { code: 'EBB_CAPTURE_EXISTS' },
      other: 'other evidence',
      vanished: { code: 'EBB_CAPTURE_FILE' },
      after: nothingLeft,
    });
  });

  test('one at a time; into a pipe as well as a file; ended before it takes too much memory; scrubbed where that is asked', () => {
    const told = run(
      node,
      `
      const first = captureSnapshot({ file });
      told.second = await outcomeOf(captureSnapshot({ file: join(folder, 'b') }));
      told.first = await outcomeOf(first);
      rmSync(file);
      const reader = spawn(process.execPath, ['-e', 'process.stdin.pipe(require("node:fs").createWriteStream(process.argv[1]))', file], { stdio: ['pipe', 'inherit', 'inherit'] });
      // A pipe of the shell's kind; what spawn makes is a socket, and those the child closes.
      told.socket = await outcomeOf(captureSnapshot({ fd: reader.stdin._handle.fd }));
      reader.stdin.end();
      await new Promise((resolve) => reader.once('exit', resolve));
      rmSync(file, { force: true });
      spawnSync('mkfifo', [join(folder, 'fifo')]);
      const cat = spawn('sh', ['-c', 'cat fifo > a.heapsnapshot'], { cwd: folder, stdio: 'ignore' });
      const fd = openSync(join(folder, 'fifo'), 'r+');
      const piped = await captureSnapshot({ fd });
      closeSync(fd);
      await new Promise((resolve) => cat.once('exit', resolve));
      told.piped = { bytes: piped.bytes, hasAllSessions: hasAllSessions(readFileSync(file, 'utf8')) };
      const measured = (limitBytes) => ({ heapUsedBytes: 1e6, smallObjectsBytes: 1e6, machineBytes: 1e12, machineAvailableBytes: null, diskFreeBytes: null,
        limits: [{ limitBytes, usedBytes: 0, usageFile: '/none', statFile: '/none', killsGroup: false }] });
      told.refused = await captureSnapshot({ file: join(folder, 'c'), measureRoom: () => measured(60e6) }).catch(({ code, message }) => ({ code, message }));
      // It says that it has 1 MB of heap; the child takes more than the room that this leaves.
      told.stopped = await outcomeOf(captureSnapshot({ file: join(folder, 'c'), measureRoom: () => measured(65e6) }));
      rmSync(file);
      globalThis.secret = ['confidential', String(process.pid)].join(' is ');
      const scrubbed = await captureSnapshot({ file, scrub: true });
      const text = readFileSync(file, 'utf8');
      told.scrubbed = { method: scrubbed.method, size: scrubbed.bytes === statSync(file).size, hasAllSessions: hasAllSessions(text), speaks: /confidential is|key 700/.test(text) };
      told.children = children().length;
      told.files = readdirSync(folder);
      tell();`,
    );
    expect(told).toMatchObject({
      second: { code: 'EBB_CAPTURE_BUSY' },
      first: { method: 'fork' },
      socket: { code: 'EBB_CAPTURE_FILE' },
      piped: { bytes: null, hasAllSessions: true },
      refused: { code: 'EBB_CAPTURE_NO_MEMORY', message: expect.stringContaining('28 MB can be used') as string },
      stopped: { code: 'EBB_CAPTURE_STOPPED' },
      scrubbed: { method: 'fork', size: true, hasAllSessions: true, speaks: false },
      children: 0,
      files: ['a.heapsnapshot', 'fifo'],
    });
  });

  test('where nothing was tried, it is refused by name, and tried only by those who say so', () => {
    const told = run(
      node,
      `
      const as = async (name, value, options) => {
        const own = Object.getOwnPropertyDescriptor(process, name);
        Object.defineProperty(process, name, { ...own, value });
        try {
          const { method } = await captureSnapshot({ file, ...options });
          rmSync(file);
          return method;
        } catch ({ code, message }) {
          return { code, message };
        } finally {
          Object.defineProperty(process, name, own);
        }
      };
      told.other = await as('platform', 'darwin', { allowUntested: true });
      told.arm = await as('arch', 'arm64', {});
      told.allowed = await as('arch', 'arm64', { allowUntested: true });
      told.auto = await as('arch', 'arm64', { method: 'auto' });
      told.left = left().files;
      tell();`,
    );
    const code = 'EBB_CAPTURE_UNSUPPORTED';
    expect(told).toEqual({
      other: { code, message: expect.stringContaining('this is darwin') as string },
      arm: { code, message: expect.stringContaining('and this is arm64 with glibc') as string },
      allowed: 'fork',
      auto: 'inline',
      left: [],
    });
  });

  test('from a worker thread too, beside busy workers, a busy thread pool and an inspector', () => {
    const told = run(
      node,
      `
      const { Worker } = await import('node:worker_threads');
      const { Session: Inspector } = await import('node:inspector');
      const { gzip } = await import('node:zlib');
      const inspector = new Inspector();
      inspector.connect();
      for (const method of ['Runtime.enable', 'Debugger.enable', 'HeapProfiler.enable']) inspector.post(method);
      inspector.post('HeapProfiler.startSampling', { samplingInterval: 32768 });
      let zipped = 0;
      const zip = () => gzip(Buffer.alloc(1 << 20, 'text to compress '), () => { zipped++; zip(); });
      zip(); zip();
      const busy = new Worker('let kept = []; setInterval(() => { for (let i = 0; i < 20000; i++) kept.push({ i }); if (kept.length > 100000) kept = []; }, 1)', { eval: true });
      await new Promise((resolve) => busy.once('online', resolve));
      const { method } = await captureSnapshot({ file, stallMs: 2000 });
      told.main = { method, complete: hasAllSessions(readFileSync(file, 'utf8')) };
      told.zipped = zipped > 0;
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(\`
        import { parentPort, workerData } from 'node:worker_threads';
        const { captureSnapshot } = await import(workerData.capture);
        class Job {}
        globalThis.jobs = Array.from({ length: 77 }, () => new Job());
        parentPort.postMessage((await captureSnapshot({ file: workerData.file })).method);
      \`)), { workerData: { file: file + '.worker', capture: '${new URL('../../packages/capture/dist/index.js', import.meta.url).href}' } });
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      told.worker = await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
      await gone;
      const { strings } = JSON.parse(readFileSync(file + '.worker', 'utf8'));
      told.ofTheWorker = [strings.includes('Job'), strings.includes('key 700')];
      told.children = children().length;
      tell();`,
    );
    expect(told).toEqual({
      main: { method: 'fork', complete: true },
      zipped: true,
      worker: 'fork',
      ofTheWorker: [true, false],
      children: 0,
    });
  });
});
