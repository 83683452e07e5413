/** A trim that the environment asks for: `EBB_TRIM=1 node --import @ebb/agent/register server.js`. */
import { Log, writeToStandardError } from '../host/log.ts';
import { isSwitchedOn } from '../host/switched-on.ts';
import { armTrim } from './trim.ts';

/** Arms it where `EBB_TRIM` is 1. Where it cannot be, that is told on standard error, and the service runs on. */
export function armTrimByEnvironment(env: Readonly<Record<string, string | undefined>>, now: () => number): void {
  if (!isSwitchedOn(env['EBB_TRIM'])) return;
  const { unavailable } = armTrim();
  if (unavailable === null || env['EBB_LOG']?.toLowerCase() === 'off') return;
  const message = `EBB_TRIM is set, but this process cannot give freed memory back: ${unavailable}.`;
  new Log({ now }, writeToStandardError).tell('warn', 'EBB_AGENT_SETTING', message);
}
