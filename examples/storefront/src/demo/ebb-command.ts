import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Ebb's command is not installed or not built. */
class EbbMissingError extends Error {
  readonly code = 'STOREFRONT_EBB_MISSING';
  override readonly name = 'EbbMissingError';
}

/**
 * The file of the `ebb` command: what @ebb/cli names as its bin, wherever npm has put the package.
 *
 * @throws EbbMissingError when no folder up from here has it.
 */
export function findEbbCommand(): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths('@ebb/cli') ?? []) {
    const manifest = join(folder, '@ebb/cli/package.json');
    if (!existsSync(manifest)) continue;
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin?: { ebb?: string } };
    if (bin?.ebb !== undefined) return join(folder, '@ebb/cli', bin.ebb);
  }
  throw new EbbMissingError('The ebb command is not installed. Run "npm ci" in the root of the repository.');
}
