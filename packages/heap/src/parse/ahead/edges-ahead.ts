/**
 * Reads the edges of a large file on another thread while this one reads the nodes. The columns are shared memory; the
 * other thread finds where the edges begin by searching for their key, which cannot stand among the numbers before it.
 * Whatever goes wrong there, this thread reads the edges itself and says what is wrong with them.
 */
import { Worker } from 'node:worker_threads';
import { type EdgeColumns, namedTypesMask } from '../columns.ts';
import type { SnapshotLayout } from '../meta.ts';
import { DONE, type EdgesTask, READING } from './edges-task.ts';

/** Starting a thread costs more than a small file's edges. */
const LEAST_EDGES = 2_000_000;

/** So long without a row, the other thread is held for dead. */
const PATIENCE_MS = 10_000;

/** Edges that another thread is reading. */
export class EdgesAhead {
  readonly #worker: Worker;
  readonly #task: EdgesTask;

  /** Starts reading, where it pays; `fromByte` is anywhere before the edges. Null where this thread does it as well. */
  static start(
    file: string,
    layout: SnapshotLayout,
    fromByte: number,
    leastEdges: number = LEAST_EDGES,
  ): EdgesAhead | null {
    if (layout.edgeCount < leastEdges) return null;
    const { edgeCount, nodeCount, nodeFieldCount, edgeFieldCount, edgeType, edgeNameOrIndex, edgeToNode } = layout;
    return new EdgesAhead({
      file,
      // Nodes take at least two bytes a number.
      fromByte: fromByte + nodeCount * nodeFieldCount * 2,
      edgeCount,
      width: edgeFieldCount,
      fields: { type: edgeType, name: edgeNameOrIndex, to: edgeToNode },
      check: {
        typeCount: layout.edgeTypeNames.length,
        named: namedTypesMask(layout),
        nodeFields: nodeFieldCount,
        nodeCount,
      },
      types: new Uint8Array(new SharedArrayBuffer(edgeCount)),
      names: new Uint32Array(new SharedArrayBuffer(edgeCount * 4)),
      targets: new Uint32Array(new SharedArrayBuffer(edgeCount * 4)),
      control: new Int32Array(new SharedArrayBuffer(8)),
      results: new Float64Array(new SharedArrayBuffer(3 * 8)),
    });
  }

  private constructor(task: EdgesTask) {
    this.#task = task;
    const file = new URL(`./edges-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: task, execArgv: [], stdout: true, stderr: true });
    this.#worker.on('error', () => undefined); // its state tells; without a listener the error would be this thread's
    this.#worker.unref();
  }

  /**
   * Waits for the edges. Null where the other thread did not find them to begin at `startByte` (the first byte behind
   * their bracket), or found something wrong with them; `endByte` is the first byte behind their closing bracket.
   */
  take(startByte: number): { columns: EdgeColumns; endByte: number } | null {
    const { control, results, edgeCount, types, names, targets } = this.#task;
    for (let rows = -1; Atomics.load(control, 0) === READING;) {
      const now = Atomics.load(control, 1);
      if (Atomics.wait(control, 0, READING, PATIENCE_MS) === 'timed-out' && now === rows) break;
      rows = now;
    }
    const [start, end, largestEdgeName] = results;
    if (Atomics.load(control, 0) !== DONE || start !== startByte) return null;
    const columns = { edgeCount, edgeType: types, edgeName: names, edgeTo: targets, largestEdgeName };
    return { columns, endByte: end };
  }

  /** Ends the other thread; repeatable. */
  stop(): void {
    void this.#worker.terminate();
  }
}
