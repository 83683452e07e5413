import { basename, isAbsolute } from 'node:path';
import { printable } from '../wording/printable.ts';

/** A command as a person would call it: `node server.js`, without folders, cut where it becomes long. */
export function describeCommand(command: readonly string[]): string {
  const [file = '', ...args] = command;
  const text = printable([basename(file), ...args.map((arg) => (isAbsolute(arg) ? basename(arg) : arg))].join(' '));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
