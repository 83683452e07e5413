/** Errors that say that memory ran out, as Node.js and V8 throw them. */

const codes = new Set(['ERR_OUT_OF_MEMORY', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED', 'ENOMEM']);
const words = /Array buffer allocation failed|[Oo]ut of memory|[Cc]ould not allocate memory|bad_alloc/;

/** What a program's error is called; nothing of its message, which may hold anything. */
export interface NamedError {
  name: string;
  /** Null where it has none. */
  code: string | null;
  /** The words by which it is known that memory ran out; null where it does not say so. */
  memory: string | null;
}

/** Never throws: an error of a program can be anything. */
export function nameError(error: unknown): NamedError {
  try {
    const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown };
    const said = typeof message === 'string' ? words.exec(message)?.[0] : undefined;
    const ofMemory = typeof code === 'string' && codes.has(code);
    return {
      name: typeof name === 'string' ? name.slice(0, 64) : typeof error,
      code: typeof code === 'string' ? code.slice(0, 64) : null,
      memory: ofMemory ? code : error instanceof Error ? (said ?? null) : null,
    };
  } catch {
    return { name: typeof error, code: null, memory: null };
  }
}
