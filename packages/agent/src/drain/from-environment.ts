/**
 * A drain that the environment asks for, so that a service needs no line of code for it:
 * `EBB_DRAIN=SIGTERM,message EBB_DRAIN_LIMIT=20000 node --import @ebb/agent/register server.js`.
 */
import { constants } from 'node:os';
import type { AgentErrorCode } from '../error.ts';
import { Log, writeToStandardError } from '../host/log.ts';
import { armDrainWith, type Drainer } from './drain.ts';
import type { Early } from './traffic.ts';

/**
 * Arms it as `EBB_DRAIN`, `EBB_DRAIN_LIMIT`, `EBB_DRAIN_GRACE` and `EBB_DRAIN_IDLE` say, except for the signals, which the
 * preload listens to already; undefined where nothing is asked for. A value that makes no sense is told on standard error, and the service starts all the same.
 */
export function armDrainByEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
  early: Early,
): Drainer | undefined {
  const log = new Log({ now }, env['EBB_LOG']?.toLowerCase() === 'off' ? undefined : writeToStandardError);
  const tell = (problem: string, code: AgentErrorCode = 'EBB_AGENT_SETTING'): void => {
    log.tell('warn', code, problem);
  };
  const words = (env['EBB_DRAIN'] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word.toLowerCase() !== 'off');
  if (words.length === 0) return undefined;
  const unknown = words.filter(
    (word) => word !== 'message' && !(isSignal(word) && word !== 'SIGKILL' && word !== 'SIGSTOP'),
  );
  if (unknown.length > 0)
    tell(`EBB_DRAIN names signals that can be caught and 'message', not '${unknown.join("', '").slice(0, 80)}'.`);
  const ms = (name: string): number | undefined => {
    const text = env[name]?.trim();
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value >= 0 && value <= 86_400_000) return value;
    tell(`${name} is no number of milliseconds up to a day; its default is used.`);
    return undefined;
  };
  const [limitMs, graceMs, idleMs] = [ms('EBB_DRAIN_LIMIT'), ms('EBB_DRAIN_GRACE'), ms('EBB_DRAIN_IDLE')];
  try {
    return armDrainWith(early, {
      messages: words.includes('message'),
      ...(limitMs === undefined ? {} : { limitMs }),
      ...(graceMs === undefined ? {} : { graceMs }),
      ...(idleMs === undefined ? {} : { idleMs }),
      onDrained: ({ cutRequests }) => {
        if (cutRequests > 0)
          tell(`The drain's limit was reached with ${cutRequests} requests unanswered.`, 'EBB_AGENT_DRAIN');
      },
    });
  } catch (error) {
    tell(error instanceof Error ? `${error.message}.` : String(error));
    return undefined;
  }
}

function isSignal(word: string): boolean {
  return Object.hasOwn(constants.signals, word);
}
