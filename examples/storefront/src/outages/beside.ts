import { fileURLToPath } from 'node:url';

/** The path of a program that stands beside this one. */
export function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
