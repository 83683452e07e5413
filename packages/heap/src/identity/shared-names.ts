import type { StringTable } from '../parse/string-table.ts';

/** Stands for a name that the other snapshot does not have, or that was lost. Equal to no name, itself included. */
export const NO_NAME = 0xffffffff;

/** Numbers for the strings of two snapshots, by index: equal numbers stand for equal texts. */
export interface SharedNames {
  older: Uint32Array;
  newer: Uint32Array;
}

/** Numbers the strings of two snapshots. O(bytes of both) at most; 8 bytes a string stay, twice as much meanwhile. */
export function sharedNames(older: StringTable, newer: StringTable): SharedNames {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * older.length + 16))).fill(-1);
  const mask = slots.length - 1;
  /** The slot of the string with this text, or the empty one where it would stand. */
  const find = (strings: StringTable, index: number): number => {
    let slot = strings.hash(index) & mask;
    while (slots[slot] >= 0 && !older.equals(slots[slot], strings, index)) slot = (slot + 1) & mask;
    return slot;
  };
  const ofOlder = new Uint32Array(older.length).fill(NO_NAME);
  for (let index = 0; index < older.length; index++) {
    if (older.isLost(index)) continue;
    const slot = find(older, index);
    if (slots[slot] < 0) slots[slot] = index;
    ofOlder[index] = slots[slot];
  }
  const ofNewer = new Uint32Array(newer.length).fill(NO_NAME);
  for (let index = 0; index < newer.length; index++) {
    const slot = newer.isLost(index) ? -1 : find(newer, index);
    if (slot >= 0 && slots[slot] >= 0) ofNewer[index] = slots[slot];
  }
  return { older: ofOlder, newer: ofNewer };
}
