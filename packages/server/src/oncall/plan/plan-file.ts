import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ServerError } from '../../errors/server-error.ts';
import type { Environment } from '../../alerts/rules/read-receivers.ts';
import type { OnCallPlan } from './plan.ts';
import { readPlan } from './read-plan.ts';

/**
 * Reads an on-call plan, and the CODEOWNERS files that it names, by their paths from its folder.
 *
 * @throws {ServerError} EBB_SERVER_ONCALL with everything that is wrong, a line each: file, line, column
 */
export function readPlanFile(file: string, options: { environment?: Environment; nowMs: number }): OnCallPlan {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServerError('EBB_SERVER_ONCALL', `the on-call plan cannot be read: ${reason}`, { cause: error });
  }
  const readOwners = (owners: string): string => readFileSync(resolve(dirname(file), owners), 'utf8');
  const { plan, problems } = readPlan(text, { ...options, readOwners });
  if (plan !== null) return plan;
  const told = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  throw new ServerError('EBB_SERVER_ONCALL', `the on-call plan cannot be used:\n${told.join('\n')}`);
}
