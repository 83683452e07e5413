/** What a cut-off file had lost, in words. */
import type { RowsRead } from './columns.ts';
import type { SnapshotLayout } from './meta.ts';

const number = (value: number): string => value.toLocaleString('en');

/** What there is of a graph that is not whole: a sentence. */
export function partOfGraph({ nodeCount, edgeCount }: SnapshotLayout, { nodes, edges }: RowsRead): string {
  const of = (read: number, all: number, what: string): string =>
    read === 0 ? `no ${what}` : `${number(read)} of ${number(all)} ${what}`;
  return `There are ${of(nodes, nodeCount, 'nodes')}, ${of(edges, edgeCount, 'edges')} and no names: without the whole graph nothing can be told.`;
}

/** How far a file goes whose graph is whole. */
export interface Remains {
  /** Strings that were read, and those that nodes and edges refer to. */
  strings: number;
  stringsNeeded: number;
  locations: 'all' | number;
}

/** What is lost of a file that ends behind its graph, and how many names that is. */
export function lostBehindGraph({ strings, stringsNeeded, locations }: Remains): { lost: string[]; lostNames: number } {
  const lost: string[] = [];
  const lostNames = Math.max(0, stringsNeeded - strings);
  if (lostNames > 0) {
    const which = strings === 0 ? 'all' : `${number(lostNames)} of`;
    lost.push(`${which} ${number(stringsNeeded)} names of objects, properties, functions and files`);
  }
  if (locations === 0) lost.push('all places in source code: no line can be told');
  else if (locations !== 'all') lost.push(`places in source code but the first ${number(locations)}`);
  if (lost.length === 0) lost.push('nothing that the analysis needs');
  return { lost: lost.map((what) => `the file is cut off; lost: ${what}`), lostNames };
}
