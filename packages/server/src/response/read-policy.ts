/** Reads the file that says what may be done, and says everything that is wrong with it at once. */
import { readFileSync } from 'node:fs';
import { readMatcher } from '../alerts/rules/read-matcher.ts';
import { YamlFile, type Problem, type Value } from '../alerts/rules/yaml-file.ts';
import { ServerError } from '../errors/server-error.ts';
import { actionKinds } from './action.ts';
import type { AutomaticPolicy, ResponsePolicy, ServicePolicy } from './policy.ts';

const minute = 60_000;
const day = 86_400_000;

/** What was read, or what is wrong with it. */
export type ReadPolicy = { policy: ResponsePolicy; problems: [] } | { policy: null; problems: Problem[] };

/** Reads the text of a policy. */
export function readPolicy(text: string): ReadPolicy {
  const file = new YamlFile(text);
  const policy = file.root.fields(['services']).need('services', (value) => value.listOf(readService)) ?? [];
  const problems = file.problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return problems.length === 0 ? { policy, problems: [] } : { policy: null, problems };
}

/**
 * Reads the file.
 *
 * @throws {ServerError} EBB_SERVER_RESPONSE_POLICY with everything that is wrong, a line each: file, line, column
 */
export function readPolicyFile(file: string): ResponsePolicy {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServerError('EBB_SERVER_RESPONSE_POLICY', `the file cannot be read: ${reason}`, { cause: error });
  }
  const { policy, problems } = readPolicy(text);
  if (policy !== null) return policy;
  const told = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  throw new ServerError('EBB_SERVER_RESPONSE_POLICY', `what may be done cannot be read:\n${told.join('\n')}`);
}

function readService(value: Value): ServicePolicy {
  const fields = value.fields(['match', 'allow', 'ordered_by', 'least_serving', 'budget', 'automatic']);
  const allow = fields.need('allow', (found) => found.listOf((entry) => entry.oneOf(actionKinds))) ?? [];
  const automatic = fields.take('automatic', readAutomatic) ?? null;
  if (automatic !== null && !allow.includes('restart'))
    fields.take('automatic', (found) => found.wrong('restarts by itself, but allow does not name restart'));
  if (automatic?.rollback === true && !allow.includes('rollback'))
    fields.take('automatic', (found) => found.wrong('rolls back by itself, but allow does not name rollback'));
  return {
    match: fields.need('match', (found) => readMatcher(found, [])) ?? {},
    allow,
    orderedBy: fields.take('ordered_by', (found) => found.oneOf(['responder', 'admin'] as const)) ?? 'responder',
    leastServing: fields.need('least_serving', (found) => found.whole(1, 100_000)) ?? 1,
    budget: fields.take('budget', readBudget) ?? { actions: 6, perMs: 60 * minute },
    automatic,
  };
}

function readBudget(value: Value): ServicePolicy['budget'] {
  const fields = value.fields(['actions', 'per']);
  return {
    actions: fields.need('actions', (found) => found.whole(0, 10_000)) ?? 0,
    perMs: fields.take('per', (found) => found.duration(minute, 7 * day, 'from 1m to 7d')) ?? 60 * minute,
  };
}

function readAutomatic(value: Value): AutomaticPolicy {
  const fields = value.fields(['lead', 'failures', 'rollback']);
  return {
    leadMs: fields.take('lead', (found) => found.duration(10_000, day, 'from 10s to 1d')) ?? 10 * minute,
    failures: fields.take('failures', (found) => found.whole(1, 100)) ?? 2,
    rollback: fields.take('rollback', readSwitch) ?? false,
  };
}

function readSwitch(value: Value): boolean | null {
  if (value.is(true) || value.is(false)) return value.is(true);
  return value.wrong('it is true or false');
}
