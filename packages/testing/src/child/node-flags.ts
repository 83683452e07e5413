/** Flags of Node.js that say how a module is found, translated or limited: the workload needs them as its tester does. */
const WITH_VALUE = [
  '--require',
  '-r',
  '--import',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '-C',
  '--max-old-space-size',
  '--max-semi-space-size',
  '--stack-size',
  '--disable-warning',
];
const ALONE = [
  '--enable-source-maps',
  '--preserve-symlinks',
  '--no-warnings',
  '--experimental-strip-types',
  '--experimental-transform-types',
  '--no-experimental-strip-types',
];

/**
 * The flags for the process of a workload: of those that this process has, only the ones that change how modules are
 * loaded or how much memory there is. A debugger's port, `--eval` or a profile are this process's own.
 */
export function nodeFlags(execArgv: readonly string[]): string[] {
  const kept: string[] = ['--expose-gc'];
  for (const [index, flag] of execArgv.entries()) {
    const name = flag.split('=', 1)[0];
    if (ALONE.includes(name) || (WITH_VALUE.includes(name) && flag.includes('='))) kept.push(flag);
    else if (WITH_VALUE.includes(flag) && index + 1 < execArgv.length) kept.push(flag, execArgv[index + 1]);
  }
  return kept;
}
