/** Going back to a version, or on to one, through the server: the plan, and what becomes of the order. */
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors/cli-error.ts';
import type { ServerClient } from '../remote/server-client.ts';
import { printable } from '../wording/printable.ts';

/** What the server plans: see `/api/v1/docs`. */
export interface Plan {
  readonly kind: 'rollback' | 'rollforward';
  readonly service: string;
  readonly version: string | null;
  readonly allowed: boolean;
  readonly refusals: readonly string[];
  readonly advice: readonly string[];
  readonly steps: readonly string[];
  readonly serving: number;
  readonly leastServing: number;
  readonly budget: { readonly used: number; readonly of: number; readonly perMs: number } | null;
}

/** An action on its way. */
export interface Action {
  readonly id: number;
  readonly state: 'ordered' | 'running' | 'done' | 'failed' | 'cancelled' | 'unclear';
  readonly outcome: string | null;
}

interface Service {
  readonly id: number;
  readonly name: string;
  readonly namespace: string;
  readonly environment: string;
  readonly versions: readonly { readonly version: string; readonly firstSeenMs: number }[];
}

/** What is asked for. */
export interface Wanted {
  readonly serviceId: number;
  readonly kind: Plan['kind'];
  readonly version: string;
}

/**
 * Finds the service, and the version to go to: the one that was seen before the newest, where none is given.
 *
 * @throws {CliError} EBB_CLI_ROLLBACK_SERVICE, EBB_CLI_ROLLBACK_VERSION, and what the client throws
 */
export async function findWanted(
  client: ServerClient,
  { name, to, forward }: { name: string; to: string | undefined; forward: boolean },
): Promise<Wanted> {
  const services = (await client.get('/api/v1/services')) as Service[];
  const told = ({ name: own, namespace, environment }: Service): string =>
    [namespace, own, environment].filter((part) => part !== '').join('/');
  const found = services.filter((service) => service.name === name || told(service) === name);
  const [service, ...others] = found;
  if (service === undefined) {
    const known = services.slice(0, 20).map(told).join(', ');
    throw new CliError(
      'EBB_CLI_ROLLBACK_SERVICE',
      `the server hears of no service '${printable(name)}'; it knows ${printable(known) || 'none'}`,
    );
  }
  if (others.length > 0)
    throw new CliError('EBB_CLI_ROLLBACK_SERVICE', `there are several: ${printable(found.map(told).join(', '))}`);
  const kind = forward ? 'rollforward' : 'rollback';
  if (to !== undefined) return { serviceId: service.id, kind, version: to };
  const byAge = [...service.versions].sort((a, b) => b.firstSeenMs - a.firstSeenMs);
  const before = byAge[1]?.version;
  if (forward || before === undefined || before === '')
    throw new CliError(
      'EBB_CLI_ROLLBACK_VERSION',
      forward
        ? 'the version to go to is missing'
        : `the server hears of no version of ${printable(service.name)} before the newest`,
    );
  return { serviceId: service.id, kind, version: before };
}

/** The plan in words, what is known about it first. */
export function planText({
  kind,
  service,
  version,
  advice,
  steps,
  refusals,
  serving,
  leastServing,
  budget,
}: Plan): string {
  const lines = [
    `${kind === 'rollback' ? 'ROLL BACK' : 'ROLL FORWARD'} ${service} to ${version ?? '?'}`,
    '',
    ...(advice.length === 0 ? ['Nothing is known that speaks for or against it.'] : advice),
    '',
    ...steps.map((step, at) => `  ${at + 1}. ${step}`),
    '',
    `serving    ${serving} now, ${leastServing} must all the time`,
    ...(budget === null ? [] : [`budget     ${budget.used} of ${budget.of} actions in ${budget.perMs / 60_000} min`]),
    ...refusals.map((refusal) => `REFUSED    ${refusal}`),
  ];
  return `${lines.map((line) => printable(line)).join('\n')}\n`;
}

/** Waits until an action is over; an answer that does not come is asked for again. */
export async function waitFor(client: ServerClient, id: number, everyMs = 1000): Promise<Action> {
  for (;;) {
    const action = (await client.get(`/api/v1/actions/${id}`)) as Action;
    if (action.state !== 'ordered' && action.state !== 'running') return action;
    await delay(everyMs);
  }
}
