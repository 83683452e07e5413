import { basename, isAbsolute } from 'node:path';
import { printable } from '../wording/printable.ts';

/** Flags of Node.js that stand alone: they say how it runs, not what. */
const FLAG = /^--(?:[\w-]+=|(?:enable|disable|experimental|expose|no|trace)-)/u;

/** A command as a person would call it: `node server.js`, without folders and flags of Node.js, cut where it becomes long. */
export function describeCommand(command: readonly string[]): string {
  const [file = '', ...rest] = command;
  const isNode = /^node(?:\.exe)?$/u.test(basename(file));
  const first = isNode ? rest.findIndex((arg) => !FLAG.test(arg)) : 0;
  const args = first > 0 ? rest.slice(first) : rest;
  const text = printable([basename(file), ...args.map((arg) => (isAbsolute(arg) ? basename(arg) : arg))].join(' '));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
