/** An opened heap with the indexes that queries need, each made when the first one asks for it. */
import { HeapError } from '../errors/heap-error.ts';
import { computeDistances, NO_DISTANCE, SYSTEM_DISTANCE } from '../graph/distances.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { IdIndex } from '../identity/id-index.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { buildClassTable, type ClassTable } from './class-table.ts';
import type { QueryControl } from './control.ts';
import { ReferenceNames } from './reference-names.ts';

/** One snapshot, ready for queries. */
export class QueriedHeap {
  readonly heap: OpenedHeap;
  readonly graph: HeapGraph;
  readonly allowStrings: boolean;
  readonly names: ReferenceNames;
  #index: IdIndex | undefined;
  #distances: Int32Array | undefined;
  #classes: ClassTable | undefined;

  constructor(heap: OpenedHeap, allowStrings: boolean) {
    this.heap = heap;
    this.graph = heap.graph;
    this.allowStrings = allowStrings;
    this.names = new ReferenceNames(heap, allowStrings);
  }

  /** The ordinal of an object; throws EBB_HEAP_UNKNOWN_OBJECT where the snapshot has none of this id. */
  nodeOf(id: number): number {
    if (this.#index === undefined) {
      const index = new IdIndex(this.graph.nodeCount);
      for (let node = this.graph.nodeCount - 1; node >= 0; node--) index.set(this.graph.nodeId[node], node);
      this.#index = index;
    }
    const isId = Number.isInteger(id) && id > 0 && id <= 0xffffffff;
    const node = isId ? this.#index.get(id) : -1;
    if (node < 0)
      throw new HeapError(
        'EBB_HEAP_UNKNOWN_OBJECT',
        `${this.graph.file} has no object ${String(id)}. Ids come from answers about this snapshot; an object of an earlier one may be gone.`,
      );
    return node;
  }

  /** References from the program's global objects, or null. */
  distance(node: number): number | null {
    this.#distances ??= computeDistances(this.graph);
    const distance = this.#distances[node];
    return distance === NO_DISTANCE || distance >= SYSTEM_DISTANCE ? null : distance;
  }

  /** Which class every node is of. */
  classes(control: QueryControl): ClassTable {
    this.#classes ??= buildClassTable(this.heap, control);
    return this.#classes;
  }
}
