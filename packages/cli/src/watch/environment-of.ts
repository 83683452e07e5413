import { readFileSync } from 'node:fs';

/**
 * The environment that a process was started with, as Linux tells it; where nobody tells it (another system, another
 * user's process) Ebb's own, which a program that Ebb has started has as well.
 */
export function environmentOf(pid: number): Readonly<Record<string, string | undefined>> {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const told = pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
    return Object.fromEntries(told.filter(([name]) => name !== ''));
  } catch {
    return process.env;
  }
}
