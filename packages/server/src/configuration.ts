/** The files that say what the server does: whom to tell, who is on call, what may be done about services. */
import { usualAlertRules, type AlertRules } from './alerts/rules/rules.ts';
import { nobody, type OnCallPlan } from './oncall/plan/plan.ts';
import type { ResponsePolicy } from './response/policy.ts';

/** Where they are, and what they may name. */
export interface ConfigurationFiles {
  /** A file of alert rules; without one, incidents are kept and nobody is told. */
  rulesFile?: string;
  /** A plan of who is on call; without one, nobody is paged. */
  onCallFile?: string;
  /** A file that says what may be done about which service; without one, nothing may. */
  responseFile?: string;
  /** Where secrets that the rules name are; default: the process's environment. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** What they say. */
export interface Configuration {
  rules: AlertRules;
  plan: OnCallPlan;
  policy: ResponsePolicy;
}

/**
 * Reads them all; who has none does without the parser, calendars and zones, which are loaded with the first.
 *
 * @throws {ServerError} EBB_SERVER_RULES, EBB_SERVER_ONCALL, EBB_SERVER_RESPONSE_POLICY when one cannot be used
 */
export async function readConfiguration(files: ConfigurationFiles, nowMs: number): Promise<Configuration> {
  const { rulesFile, onCallFile, responseFile, environment = process.env } = files;
  return {
    rules: rulesFile === undefined ? usualAlertRules : await readRules(rulesFile, environment),
    plan: onCallFile === undefined ? nobody : await readPlan(onCallFile, environment, nowMs),
    policy: responseFile === undefined ? [] : await readPolicy(responseFile),
  };
}

type Environment = NonNullable<ConfigurationFiles['environment']>;

async function readRules(file: string, environment: Environment): Promise<AlertRules> {
  const { readRulesFile } = await import('./alerts/rules/rules-file.ts');
  return readRulesFile(file, environment);
}

async function readPlan(file: string, environment: Environment, nowMs: number): Promise<OnCallPlan> {
  const { readPlanFile } = await import('./oncall/plan/plan-file.ts');
  return readPlanFile(file, { environment, nowMs });
}

async function readPolicy(file: string): Promise<ResponsePolicy> {
  const { readPolicyFile } = await import('./response/read-policy.ts');
  return readPolicyFile(file);
}
