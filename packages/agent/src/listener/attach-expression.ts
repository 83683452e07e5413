/** How the agent comes into a process that was started without it, by the inspector. */
import { fileURLToPath } from 'node:url';
import type { AttachedAgentOptions, AttachedStart } from '../host/attached-agent.ts';

/**
 * What the process has to be able to read at this very path. Both `src/listener` and `dist/listener` stand beside it;
 * what is loaded elsewhere is always the compiled one.
 */
export const attachedAgentPath: string = fileURLToPath(new URL('../../dist/attached.cjs', import.meta.url));

/** How it went: the agent's own word, or why its modules could not be loaded. */
export type AttachAnswer = { started: AttachedStart } | { started: 'unloadable'; reason: string };

/**
 * The text of an expression that is evaluated in the main thread of a process; it gives a promise of an
 * {@link AttachAnswer}, as JSON. The agent then connects to the watcher.
 */
export function attachExpression(options: AttachedAgentOptions): string {
  const required = `typeof require === 'function' ? require : null`;
  return `(${load.toString()})(${required}, ${JSON.stringify(attachedAgentPath)}, ${JSON.stringify(options)})`;
}

/** Runs in the process; must not refer to anything outside of itself. */
async function load(required: NodeJS.Require | null, path: string, options: AttachedAgentOptions): Promise<string> {
  try {
    const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
    const module = required === null ? getBuiltinModule?.call(process, 'module') : (required('module') as unknown);
    const requireThere = (module as typeof import('node:module')).createRequire(path);
    const there = requireThere(path) as { load: () => Promise<typeof import('../host/attached-agent.ts')> };
    // The program finds its own modules in the cache, and no others.
    Reflect.deleteProperty(requireThere.cache, path);
    const { startAttachedAgent } = await there.load();
    return JSON.stringify({ started: await startAttachedAgent(options) });
  } catch (error) {
    return JSON.stringify({ started: 'unloadable', reason: String(error).split('\n')[0] });
  }
}
