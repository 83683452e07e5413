import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `name@version` of an installed package, or its bare name where its package.json can't be read. */
export function installedVersion(root: string, name: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? `${name}@${version}` : name;
  } catch {
    return name;
  }
}
