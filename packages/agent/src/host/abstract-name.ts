/** Longest name of a Unix socket in bytes, see unix(7). */
const longestName = 108;

/**
 * A name in Linux' abstract namespace, which has no file. Filled up with zeros: Node 20 does so by itself, later ones take a
 * name as long as it is, and the kernel tells the two apart.
 */
export function abstractName(name: string): string {
  return `\0${name}`.padEnd(longestName, '\0');
}
