/** The other thread of edges-ahead.ts: finds the edges in the file and reads them into shared memory. */
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { ByteReader } from '../byte-reader.ts';
import { createKernel } from '../kernel/create-kernel.ts';
import { scanRows } from '../kernel/scan-rows.ts';
import { PlainFile } from '../source/plain-file.ts';
import { DONE, type EdgesTask, FAILED } from './edges-task.ts';

const KEY = Buffer.from('"edges":[');
const SEARCH_BYTES = 1 << 20;
const READ_BYTES = 256 << 10;

/** Where the edges' bracket opens, or -1. */
function findEdges(fd: number, fromByte: number): number {
  const window = Buffer.alloc(SEARCH_BYTES);
  for (let at = fromByte; ; at += SEARCH_BYTES - KEY.length) {
    const length = readSync(fd, window, 0, SEARCH_BYTES, at);
    const found = window.subarray(0, length).indexOf(KEY);
    if (found >= 0) return at + found + KEY.length - 1;
    if (length < SEARCH_BYTES) return -1;
  }
}

function readEdges({ file, fromByte, edgeCount, width, fields, check, ...into }: EdgesTask): boolean {
  const kernel = createKernel(check.typeCount);
  const fd = openSync(file, 'r');
  try {
    const bracket = findEdges(fd, fromByte);
    if (bracket < 0) return false;
    const source = new PlainFile(file, fd, Infinity, bracket);
    const reader = new ByteReader(source, undefined, READ_BYTES);
    const [names, targets] = kernel.columns;
    let row = 0;
    let good = true;
    const total = scanRows(reader, 'edges', kernel, width, (rows) => {
      good &&= row + rows <= edgeCount && kernel.edges(rows, width, fields, check) === rows;
      if (!good) return;
      into.types.set(kernel.types.subarray(0, rows), row);
      into.names.set(names.subarray(0, rows), row);
      into.targets.set(targets.subarray(0, rows), row);
      row += rows;
      Atomics.store(into.control, 1, row);
    });
    into.results.set([bracket + 1, bracket + reader.offset, kernel.largestName]);
    return good && row === edgeCount && total === row * width;
  } finally {
    closeSync(fd);
  }
}

if (parentPort) {
  const task = workerData as EdgesTask;
  let state = FAILED;
  try {
    if (readEdges(task)) state = DONE;
  } catch {
    // The thread that waits will meet the same trouble, and tell it.
  }
  Atomics.store(task.control, 0, state);
  Atomics.notify(task.control, 0);
}
