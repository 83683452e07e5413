import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, it } from 'vitest';
import { boardMemory, ThreadBoard } from './thread-board.ts';

let memory: SharedArrayBuffer;
let board: ThreadBoard;

beforeEach(() => {
  memory = boardMemory(100);
  board = new ThreadBoard(memory, 1000);
});

describe('ThreadBoard', () => {
  it("holds each thread's newest report", () => {
    board.write({ threadId: 1, knownBytes: 10, text: 'old' }, 5);
    board.write({ threadId: 2, knownBytes: 20, text: 'é' }, 5);
    new ThreadBoard(memory, 1000).write({ threadId: 1, knownBytes: 11, text: 'new' }, 6);
    expect(board.read(7)).toEqual([
      { threadId: 1, knownBytes: 11, text: 'new' },
      { threadId: 2, knownBytes: 20, text: 'é' },
    ]);
  });

  it('forgets threads that have not written for long, and gives their room to others', () => {
    for (let id = 1; id <= 32; id++) expect(board.write({ threadId: id, knownBytes: 1, text: '' }, 100)).toBe(true);
    expect(board.write({ threadId: 33, knownBytes: 1, text: '' }, 100)).toBe(false);
    expect(board.read(1200)).toEqual([]);
    expect(board.write({ threadId: 33, knownBytes: 1, text: '' }, 1200)).toBe(true);
    expect(board.read(1300)).toHaveLength(1);
  });

  it('leaves out a text that does not fit, and keeps the number', () => {
    board.write({ threadId: 1, knownBytes: 7, text: 'x'.repeat(101) }, 1);
    expect(board.read(2)).toEqual([{ threadId: 1, knownBytes: 7, text: '' }]);
  });

  it('never reads half of one report and half of the next, while a thread writes as fast as it can', async () => {
    const writer = new Worker(
      `const { workerData } = require('node:worker_threads');
       const ints = new Int32Array(workerData, 0, 128); const text = new Uint8Array(workerData, 512 + 512);
       Atomics.store(ints, 0, 9);
       for (let n = 0; ; n++) {
         Atomics.add(ints, 1, 1);
         text.fill(97 + (n % 26), 0, 100); ints[2] = 100;
         Atomics.add(ints, 1, 1);
         // Rests as long as it writes, or a reader on a busy machine would never find it at rest.
         for (let i = 0; i < 50; i++) Atomics.load(ints, 3);
       }`,
      { eval: true, workerData: memory },
    );
    let read = 0;
    for (let tries = 0; read < 100 && tries < 200_000; tries++) {
      for (const { text } of board.read(0)) {
        if (text === '') continue;
        read += 1;
        expect(new Set(text).size).toBe(1);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(read).toBeGreaterThan(0);
    await writer.terminate();
  });
});
