/** Escalation policies from YAML. One may go on with another one; none may come back to itself. */
import type { Value } from '../../alerts/rules/yaml-file.ts';
import type { Policy, Step } from './plan.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const mostSteps = 100;

interface Told extends Policy {
  then: string | null;
  value: Value;
}

/** Reads all policies. */
export function readPolicies(
  value: Value,
  read: { readStep: (value: Value) => Step | null; policy: (value: Value) => string | null },
): Map<string, Policy> {
  const told = new Map<string, Told>();
  for (const [name, found] of value.fields(null).all()) {
    const fields = found.fields(['steps', 'then', 'rounds', 'again_after', 'acknowledged_for']);
    const duration = (field: string, leastMs: number, usualMs: number, said: string): number =>
      fields.take(field, (one) => one.duration(leastMs, dayMs, said)) ?? usualMs;
    const steps = fields.need('steps', (one) => one.listOf(read.readStep)) ?? [];
    if (steps.length === 0) found.wrong('has no step: nobody would be paged');
    told.set(name, {
      name,
      steps,
      then: fields.take('then', read.policy) ?? null,
      rounds: fields.take('rounds', (one) => one.whole(1, 20)) ?? 2,
      againMs: duration('again_after', minuteMs, 30 * minuteMs, 'from 1m to 1d'),
      acknowledgedMs: duration('acknowledged_for', minuteMs, 60 * minuteMs, 'from 1m to 1d'),
      value: found,
    });
  }
  return new Map([...told.values()].map((policy) => [policy.name, followed(policy, told)]));
}

/** With the steps of those that follow. */
function followed({ name, rounds, againMs, acknowledgedMs, value, ...first }: Told, told: Map<string, Told>): Policy {
  const way = [name];
  const steps = [...first.steps];
  for (let next = first.then; next !== null;) {
    if (way.includes(next)) {
      value.wrong(`goes round in circles: ${[...way, next].join(', then ')}`);
      break;
    }
    way.push(next);
    const policy = told.get(next);
    steps.push(...(policy?.steps ?? []));
    next = policy?.then ?? null;
  }
  if (steps.length > mostSteps) value.wrong(`has more than ${mostSteps} steps`);
  return { name, steps, rounds, againMs, acknowledgedMs };
}
