import { printable } from '../wording/printable.ts';
import { failed, type Executor } from './executor.ts';
import { runCommand } from './run-command.ts';

/** What `pm2 jlist` may print. */
const mostListBytes = 16_000_000;

interface Listed {
  pmId: number;
  pid: number;
  online: boolean;
  cluster: boolean;
}

/** Restarts processes of PM2 by `pm2 reload`, one at a time. Only in cluster mode does a new one listen before the old one ends. */
export function pm2Executor(app: string, { limitMs, pm2 = 'pm2' }: { limitMs: number; pm2?: string }): Executor {
  const list = async (signal: AbortSignal): Promise<Listed[] | string> => {
    const { code, error, output, stdout } = await runCommand([pm2, 'jlist'], {
      ...{ limitMs, signal, mostBytes: mostListBytes },
    });
    if (error !== null || code !== 0) return `pm2 cannot be asked: ${printable(error ?? output)}`;
    try {
      return processesOf(stdout, app);
    } catch {
      return 'what pm2 lists cannot be read';
    }
  };
  return {
    name: `pm2 ${app}`,
    kinds: ['restart'],
    step: async ({ leastServing }, target, _service, signal) => {
      const before = await list(signal);
      if (typeof before === 'string') return failed(before);
      const one = before.find(({ pid }) => pid === target?.pid);
      if (one === undefined) return failed(`PM2 runs no process of '${app}' with the id ${target?.pid ?? 'unknown'}`);
      if (!one.cluster)
        return failed(`PM2 runs '${app}' in fork mode: nobody would serve meanwhile; start it in cluster mode (-i)`);
      const serving = before.filter(({ online }) => online).length;
      if (serving < leastServing) return failed(`${serving} processes are online, and ${leastServing} must serve`);
      const reload = await runCommand([pm2, 'reload', String(one.pmId)], { limitMs, signal });
      if (reload.error !== null || reload.code !== 0)
        return failed(
          `pm2 reload ${one.pmId} ${reload.cut === 'limit' ? `took longer than ${limitMs / 1000} s` : 'failed'}: ${printable((reload.error ?? reload.output).slice(-300))}`,
        );
      const after = await list(signal);
      if (typeof after === 'string') return failed(after);
      const fresh = after.find(({ pmId }) => pmId === one.pmId);
      if (fresh?.online !== true) return failed(`after pm2 reload, process ${one.pmId} of '${app}' is not online`);
      const online = after.filter((listed) => listed.online).length;
      if (online < leastServing)
        return failed(`after pm2 reload ${online} processes are online, and ${leastServing} must serve`);
      const text = `process ${one.pid} was replaced by ${fresh.pid}, ${online} are online`;
      return { ok: true, text, newPid: fresh.pid, leastServing: null };
    },
  };
}

function processesOf(text: string, app: string): Listed[] {
  // The first call starts PM2's daemon and says so before the list.
  const start = text.indexOf('[{') >= 0 ? text.indexOf('[{') : text.lastIndexOf('[]');
  const listed = JSON.parse(text.slice(start)) as {
    name: string;
    pid: number;
    pm_id: number;
    pm2_env: { status: string; exec_mode: string };
  }[];
  return listed
    .filter(({ name }) => name === app)
    .map(({ pid, pm_id: pmId, pm2_env: { status, exec_mode: mode } }) => ({
      ...{ pid, pmId },
      online: status === 'online',
      cluster: mode === 'cluster_mode',
    }));
}
