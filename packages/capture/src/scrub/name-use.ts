/**
 * What each string of a snapshot is used for, and which of them are contents.
 *
 * A snapshot has one table of strings for everything: for the names of classes, functions, scripts, variables and
 * properties, without which nothing can be analysed, and for the contents of the program's own strings. A string stays
 * when it is a name:
 *
 *   - of a node that is not a string, a regular expression or a number: classes, functions, scripts, V8's own;
 *   - of a variable, or of a reference that V8 names itself;
 *   - of a property that code speaks of (it stands in the constants of a compiled function), or that looks like a name in
 *     an object that has few properties. Objects with many are dictionaries, and their keys are data.
 *
 * Everything else goes. A string whose text is also a name stays as that name.
 */

import { isForkMark } from '../fork/fork-mark.ts';

/** What is known of a string; bits. */
export const use = {
  /** Has the form of a name. */
  looksLikeName: 1,
  /** A number of at most seven digits, or no number at all. */
  shortNumber: 2,
  /** The name of something that is named by code, or by V8. */
  named: 4,
  /** A constant of a compiled function. */
  codeWord: 8,
  /** The name of a property of an object with few, or with many properties. */
  propertyOfFew: 16,
  propertyOfMany: 32,
  /** The value of a number. */
  numeric: 64,
} as const;

/** Objects of a class have the properties that its code gives them; plain ones with more than this are dictionaries. */
export const mostProperties = 16;

const name = /^[#A-Za-z_$][\w$]{0,63}$/;
/** Long runs of digits, or of hexadecimal digits with a number in them, are ids. */
const looksLikeData = /\d{5,}|(?=[a-f]*\d)[0-9a-f]{12,}/i;
const symbol = /^<symbol ([\w$.]{1,64})>$/;

/** The bits that a string's own text gives it. */
export function formOf(text: string | null): number {
  if (text === null) return 0;
  if (isForkMark(text)) return use.named;
  let form = 0;
  if ((name.test(text) && !looksLikeData.test(text)) || symbol.test(text) || text === '') form |= use.looksLikeName;
  if (/^-?[\d.]{1,7}$/.test(text) || !/\d/.test(text)) form |= use.shortNumber;
  return form;
}

/** Whether a string stays, by its bits. */
export function isName(bits: number): boolean {
  if ((bits & use.named) !== 0) return true;
  const isProperty = (bits & (use.propertyOfFew | use.propertyOfMany)) !== 0;
  if (isProperty && (bits & use.codeWord) !== 0) return true;
  if ((bits & use.propertyOfFew) !== 0 && (bits & use.looksLikeName) !== 0) return true;
  return (bits & use.numeric) !== 0 && (bits & use.shortNumber) !== 0;
}
