import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable, contextsOf } from './class-table.ts';
import { countClasses, describeClasses, describeTotals } from './classes.ts';
import type { HeapContents } from './contents.ts';
import { describeDuplicatedStrings } from './duplicated-strings.ts';
import { describeExtraGlobals } from './extra-globals.ts';
import { describeKeptContexts, findKeptScopes } from './kept-contexts.ts';
import { describeBuffers } from './large-buffers.ts';
import { describeOverAllocated } from './over-allocated.ts';
import { References } from './references.ts';
import { retainedByClass } from './retained-by-class.ts';
import { describeTreemap } from './treemap.ts';

/**
 * Everything that people look for in a snapshot: classes, duplicated strings, buffers, collections with more room than
 * content, scopes that a small closure keeps, a treemap. O(nodes + edges); some 20 bytes a node while it runs.
 */
export function describeContents(heap: OpenedHeap): HeapContents {
  const { graph } = heap;
  const table = classTable(heap);
  const figures = countClasses(heap, table);
  const contexts = contextsOf(graph, table);
  const scopes = findKeptScopes(heap, contexts.scopes);
  const references = new References(heap);
  return {
    totals: describeTotals(graph, table, figures),
    ...describeClasses(
      heap,
      table,
      figures,
      retainedByClass(heap, { classOf: table.classOf, classCount: table.names.length }),
    ),
    duplicatedStrings: describeDuplicatedStrings(heap, references),
    buffers: describeBuffers(heap, references, contexts.scopes),
    overAllocated: describeOverAllocated(heap, references, contexts.globals),
    keptContexts: describeKeptContexts(heap, scopes, retainedByClass(heap, scopes)),
    extraGlobals: describeExtraGlobals(heap, contexts.globals),
    treemap: describeTreemap({ heap, table, references }),
  };
}
