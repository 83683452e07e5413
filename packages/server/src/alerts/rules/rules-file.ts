import { readFileSync } from 'node:fs';
import { ServerError } from '../../errors/server-error.ts';
import { readRules } from './read-rules.ts';
import type { Environment } from './read-receivers.ts';
import type { AlertRules } from './rules.ts';

/**
 * Reads the rules of a file. Without an environment, variables that the rules name need not be there.
 *
 * @throws {ServerError} EBB_SERVER_RULES with everything that is wrong, a line each: file, line, column
 */
export function readRulesFile(file: string, environment?: Environment): AlertRules {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServerError('EBB_SERVER_RULES', `the rules cannot be read: ${reason}`, { cause: error });
  }
  const { rules, problems } = readRules(text, environment);
  if (rules !== null) return rules;
  const told = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  throw new ServerError('EBB_SERVER_RULES', `the rules cannot be used:\n${told.join('\n')}`);
}
