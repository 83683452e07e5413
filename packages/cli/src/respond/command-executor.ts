import { printable } from '../wording/printable.ts';
import { failed, type ActionKind, type Executor } from './executor.ts';
import { runCommand } from './run-command.ts';

/** Of what a command prints, this much stands on the timeline. */
const toldCharacters = 500;

/** What the subject of an action is called. */
const subjectNames: Partial<Record<ActionKind, string>> = {
  'raise-limit': 'EBB_HEAP_LIMIT_MB',
  shed: 'EBB_ROUTE',
  'switch-off': 'EBB_FLAG',
};

/**
 * Runs a command for each step, with the facts in its environment: `EBB_ACTION`, `EBB_ACTION_ID`, `EBB_SERVICE`,
 * `EBB_LEAST_SERVING`, and where they are known `EBB_VERSION` (where to), `EBB_FLAG`, `EBB_ROUTE`, `EBB_HEAP_LIMIT_MB`, `EBB_INSTANCE`, `EBB_PID`, `EBB_PROCESS_VERSION`.
 * Nothing of them is put into a shell. It succeeds with exit code 0.
 */
export function commandExecutor(
  command: readonly string[],
  { kinds, limitMs }: { kinds: readonly ActionKind[]; limitMs: number },
): Executor {
  return {
    name: `command ${command[0] ?? ''}`,
    kinds,
    step: async ({ id, kind, version, subject, leastServing }, target, service, signal) => {
      const subjectName = subjectNames[kind];
      const env: NodeJS.ProcessEnv = {
        EBB_ACTION: kind,
        EBB_ACTION_ID: String(id),
        EBB_SERVICE: service,
        EBB_LEAST_SERVING: String(leastServing),
        ...(version === null ? {} : { EBB_VERSION: version }),
        ...(subject === null || subjectName === undefined ? {} : { [subjectName]: subject }),
        ...(target === null ? {} : { EBB_INSTANCE: target.instance, EBB_PROCESS_VERSION: target.version }),
        ...(target === null || target.pid === null ? {} : { EBB_PID: String(target.pid) }),
        // Whoever orders is known to the server; the command gets no key to it.
        EBB_TOKEN: undefined,
      };
      const { code, cut, error, output } = await runCommand(command, { env, limitMs, signal });
      const said = output === '' ? '' : `: ${printable(output.slice(-toldCharacters))}`;
      if (error !== null) return failed(`the command could not be started: ${printable(error)}`);
      if (cut === 'limit') return failed(`the command took longer than ${limitMs / 1000} s and was killed${said}`);
      if (cut !== null) return failed(`the command was called off and killed${said}`);
      if (code !== 0) return failed(`the command ended with ${code ?? 'a signal'}${said}`);
      return { ok: true, text: `the command ended with 0${said}`, newPid: null, leastServing: null };
    },
  };
}
