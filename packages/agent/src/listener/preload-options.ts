import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the file that a watched program preloads with `--require`. */
export const preloadPath: string = fileURLToPath(new URL('../preload.cjs', import.meta.url));

/** How a program is to be started so that the agent is in it. */
export interface PreloadOptions {
  /**
   * The command to start: the given one, except under Node's permission model, where the right to
   * read the agent's own files is added to the flags that ask for the model.
   */
  command: string[];
  /** The value of `NODE_OPTIONS` for the program; undefined: leave it unset. */
  nodeOptions: string | undefined;
  /** Whether the agent is in it. When not, the program runs as it would without Ebb. */
  attached: boolean;
  /** One sentence for a person: why there is no agent, or what it will not be able to do. */
  reason?: string;
}

/** What else is known when a program is started. */
export interface PreloadContext {
  /** Where snapshots will be written: the right to write there is added under the permission model. */
  snapshotDirectory?: string;
  /** Where the command will be started; default: the current directory. */
  cwd?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How to start `command` with the agent in it, given the environment it would have. The program's
 * own `NODE_OPTIONS` stay, and stay first. To use: start `result.command` with `NODE_OPTIONS` set
 * to `result.nodeOptions` and `EBB_AGENT_SOCKET` to the listener's `socketPath`.
 *
 * Under the permission model (`--permission`, `--experimental-permission`) the agent gets the
 * right to read its own files, next to the flag that turns the model on, because Node refuses the
 * one without the other. It gets no right that would open the program: from Node 25 on the model
 * forbids the network, and when the program has no `--allow-net`, it runs without an agent.
 *
 * Never throws. Costs nothing but, under the permission model, one start of the program's Node, to
 * try whether the agent gets in.
 */
export function preloadOptions(
  command: readonly string[],
  env: Environment,
  context: PreloadContext = {},
): PreloadOptions {
  const own = env['NODE_OPTIONS']?.trim() ?? '';
  const unchanged = { command: [...command], nodeOptions: env['NODE_OPTIONS'], attached: false };
  const script = packageScript(command, context.cwd ?? process.cwd());
  if (script !== undefined && asksForPermissionModel(words(script))) {
    return {
      ...unchanged,
      reason:
        `The package script turns on Node's permission model (${script}), and the agent cannot be let in there. ` +
        'Give ebb watch the node command itself.',
    };
  }
  const flags = nodeFlags(command);
  const inFlags = asksForPermissionModel(flags);
  const inOptions = asksForPermissionModel(words(own));
  if (!inFlags && !inOptions) return { command: [...command], nodeOptions: withPreload(own), attached: true };

  const grants = readableDirectories().map((directory) => `--allow-fs-read=${join(directory, '*')}`);
  const { snapshotDirectory } = context;
  if (snapshotDirectory !== undefined) grants.push(`--allow-fs-write=${join(snapshotDirectory, '*')}`);
  const [program = 'node', ...rest] = command;
  const trialFlags = [...permissionFlags(words(own)), ...permissionFlags(flags), ...grants];
  const refusal = tryAgent(isNode(program) ? program : 'node', trialFlags, env);
  if (refusal !== undefined) return { ...unchanged, reason: refusal };
  return {
    command: inFlags ? [program, ...grants, ...rest] : [...command],
    nodeOptions: withPreload(inFlags ? own : [own, ...grants.map(quoted)].join(' ')),
    attached: true,
    ...(snapshotDirectory === undefined
      ? { reason: "The program runs under Node's permission model: it may not be able to write a heap snapshot." }
      : {}),
  };
}

function withPreload(options: string): string {
  if (words(options).includes(preloadPath)) return options;
  return `${options} --require ${quoted(preloadPath)}`.trim();
}

/** NODE_OPTIONS are split at spaces; double quotes hold a value together, a backslash escapes. */
function quoted(value: string): string {
  return /[\s"\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
}

function words(text: string): string[] {
  const found = text.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? [];
  return found.map((word) => word.replace(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1')));
}

function asksForPermissionModel(flags: readonly string[]): boolean {
  return flags.some((flag) => flag === '--permission' || flag === '--experimental-permission');
}

/** Flags of Node whose value can stand in the next argument; the script comes after them. */
const flagsWithValue = new Set(
  (
    '-r --require --import --loader --experimental-loader -C --conditions -e --eval -p --print --input-type --title ' +
    '--env-file --env-file-if-exists --allow-fs-read --allow-fs-write --watch-path --redirect-warnings --icu-data-dir ' +
    '--openssl-config --inspect-port --trace-event-categories --diagnostic-dir --disable-warning --dns-result-order ' +
    '--unhandled-rejections --localstorage-file --stack-trace-limit --test-name-pattern --test-reporter'
  ).split(' '),
);

function isNode(program: string): boolean {
  return /^node(?:js)?[\d.]*(?:\.exe)?$/i.test(basename(program));
}

/** The arguments of `node` before its script, values included; none when it is another program. */
function nodeFlags(command: readonly string[]): string[] {
  const [program = '', ...rest] = command;
  if (!isNode(program)) return [];
  let end = 0;
  while (end < rest.length) {
    const argument = rest[end] ?? '';
    if (!argument.startsWith('-') || argument === '--') break;
    end += flagsWithValue.has(argument) ? 2 : 1;
  }
  return rest.slice(0, end);
}

/** Only what sets the permission model: a trial must not run the program's own preloads. */
function permissionFlags(flags: readonly string[]): string[] {
  return flags.filter(
    (flag, index) =>
      flag.startsWith('--allow-') ||
      asksForPermissionModel([flag]) ||
      /^--allow-fs-(?:read|write)$/.test(flags[index - 1] ?? ''),
  );
}

/**
 * Starts the program's Node with the rights that the program would have, and no more than the
 * agent's modules in it. The trial decides, not a table of versions: Node 20 aborts on some
 * combinations of paths, and later versions forbid more and more.
 */
function tryAgent(program: string, flags: readonly string[], env: Environment): string | undefined {
  const start = new URL('../host/start.js', import.meta.url).href;
  const script =
    `import(${JSON.stringify(start)}).then(() => require('node:net').connect('/nonexistent/ebb')` +
    `.on('error', (error) => console.log('TRIAL ' + error.code)), () => console.log('TRIAL unreadable'))`;
  const answer = spawnSync(program, [...flags, '-e', script], {
    encoding: 'utf8',
    timeout: 10_000,
    env: { ...env, NODE_OPTIONS: '', EBB_AGENT_SOCKET: '' },
  });
  const [, code] = /^TRIAL (\w+)$/m.exec(answer.stdout) ?? [];
  if (code === 'ENOENT') return undefined;
  if (code === 'ERR_ACCESS_DENIED') {
    return (
      "The program runs under Node's permission model without --allow-net, which this version of Node also asks for " +
      'when a local socket is opened: it runs without an agent. Add --allow-net to watch it.'
    );
  }
  return (
    "The program runs under Node's permission model, and this version of Node does not let the agent in " +
    `(${flags.join(' ')}): it runs without an agent.`
  );
}

/** The text of the script that `npm start` or `npm run NAME` would run; undefined for other commands. */
function packageScript(command: readonly string[], cwd: string): string | undefined {
  const [program = '', ...rest] = command;
  if (!/^(?:npm|pnpm|yarn)$/.test(basename(program))) return undefined;
  const [first, second] = rest.filter((argument) => !argument.startsWith('-'));
  const name = first === 'run' || first === 'run-script' ? second : first;
  if (name === undefined) return undefined;
  try {
    const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as {
      scripts?: Record<string, unknown>;
    };
    const script = scripts?.[name];
    return typeof script === 'string' ? script : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the agent consists of on the disk: its own package and the one that it imports, both by
 * their real paths and by the links through which Node finds them.
 */
function readableDirectories(): string[] {
  const capture = fileURLToPath(import.meta.resolve('@ebb/capture'));
  const agent = dirname(dirname(preloadPath));
  const roots = [agent, realpathSync(agent), dirname(dirname(capture))];
  for (let parent = agent; parent !== dirname(parent); parent = dirname(parent)) {
    const scope = join(parent, 'node_modules', '@ebb');
    if (existsSync(join(scope, 'capture'))) roots.push(scope);
  }
  return [...new Set(roots)];
}
