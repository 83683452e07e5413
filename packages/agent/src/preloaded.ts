/**
 * `node --import @ebb/agent app.js` starts the agent, as `@ebb/agent/register` does (which loads less). Whoever imports
 * the package for what it exports gets no agent: Node's own options tell the two apart.
 */
import { createRequire } from 'node:module';

/** Whether Node was told to preload the package itself, on the command line or by NODE_OPTIONS. */
export function isPreloaded(execArgv: readonly string[], nodeOptions: string | undefined): boolean {
  const options = [...execArgv, ...(nodeOptions ?? '').split(/\s+/)];
  return options.some(
    (option, index) =>
      option === '--import=@ebb/agent' || (option === '@ebb/agent' && options[index - 1] === '--import'),
  );
}

if (isPreloaded(process.execArgv, process.env['NODE_OPTIONS'])) createRequire(import.meta.url)('./register.cjs');
