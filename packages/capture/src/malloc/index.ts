/**
 * `@ebb/capture/malloc`: gives memory back that malloc holds though it was freed. It is here because the native addon is;
 * where that is not, or the C library is not glibc, nothing can be given back.
 */
import { findAddon, type Addon } from '../fork/addon.ts';

/** Gives back what malloc's arenas keep of freed memory. */
export interface MallocTrim {
  /**
   * Runs `malloc_trim(3)` in a thread of its own. The program goes on meanwhile; a thread that allocates from the arena
   * whose turn it is waits for it.
   *
   * @returns false where a snapshot is being taken, or no thread can be started: nothing was done
   */
  trim(): Promise<boolean>;
}

/** What gives it back, or in one sentence why nothing can. Never throws. */
export function mallocTrim(): MallocTrim | { missing: string } {
  const found = findAddon();
  if ('missing' in found) return { missing: `the native addon is not there: ${found.missing}` };
  const { addon } = found;
  if (typeof (addon as Partial<Addon>).trim !== 'function') return { missing: 'the native addon is older' };
  if (process.platform !== 'linux' || addon.libc !== 'glibc')
    return { missing: 'the C library is not glibc: no other has malloc_trim' };
  return {
    trim: async () => {
      if (!addon.acquire()) return false;
      try {
        return await new Promise((resolve) => {
          const errno = addon.trim(() => {
            resolve(true);
          });
          if (errno !== 0) resolve(false);
        });
      } finally {
        addon.release();
      }
    },
  };
}
