/** What an action would do, and what speaks against it: pure. An order is a plan that nothing speaks against. */
import type { ProcessRow } from '../store/schema.ts';
import { changesVersion, goesByProcess, replacesProcesses, type ActionKind, type ActionTarget } from './action.ts';
import type { Capacity } from './capacity.ts';
import { bytes } from '../pages/wording.ts';
import { heapRoom } from './heap-room.ts';
import type { ServicePolicy } from './policy.ts';

/** What a plan is made from. */
export interface PlanInput {
  kind: ActionKind;
  service: string;
  /** Where to, of a rollback or a roll forward. */
  version: string | null;
  /** The flag to switch off, or the route to shed. */
  subject: string | null;
  /** Whether that version bears what comes; null where none is meant. */
  capacity: Capacity | null;
  /** Instances that are meant; null for all. */
  instances: readonly string[] | null;
  policy: ServicePolicy | undefined;
  /** Those that are heard of now. */
  processes: readonly ProcessRow[];
  /** Who has said in the last minute that it carries out actions of this service. */
  runners: readonly { name: string; executor: string; kinds: readonly ActionKind[] }[];
  /** An action of the service that is not over. */
  pending: { id: number; kind: ActionKind } | undefined;
  /** Actions in the time of the budget. */
  used: number;
  /** What is known of the changes: whether a rollback can help. */
  advice: string | null;
  ordererRole: 'responder' | 'admin' | null;
}

/** A plan. */
export interface Plan {
  kind: ActionKind;
  service: string;
  version: string | null;
  /** The flag, the route, or the heap limit in MB. */
  subject: string | null;
  /** Nothing speaks against it. */
  allowed: boolean;
  /** What speaks against it, a sentence each. */
  refusals: string[];
  /** What to know before it is ordered; the first thing to read. */
  advice: string[];
  /** What would be done, in order. */
  steps: string[];
  targets: ActionTarget[];
  serving: number;
  leastServing: number;
  budget: { used: number; of: number; perMs: number } | null;
}

/** Plans an action. */
export function planAction(input: PlanInput): Plan {
  const { kind, service, version, policy, processes, runners, pending, used } = input;
  const serving = processes.length;
  const targets = goesByProcess(kind) ? targetsOf(processes, input.instances) : [];
  const room = kind === 'raise-limit' ? heapRoom(processes) : null;
  const subject = room === null ? input.subject : 'limitMb' in room ? String(room.limitMb) : null;
  const able = runners.filter(({ kinds }) => kinds.includes(kind));
  const leastServing = policy?.leastServing ?? 0;
  const refusals: string[] = [];
  if (policy === undefined) refusals.push(`the response policy says nothing of ${service}: nothing may be done`);
  else {
    if (!policy.allow.includes(kind)) refusals.push(`the response policy does not allow ${kind} for ${service}`);
    if (policy.orderedBy === 'admin' && input.ordererRole === 'responder')
      refusals.push(`for ${service} only an admin may order actions`);
    if (serving < leastServing)
      refusals.push(`${processesText(serving)} of ${service} serve now, and ${leastServing} must serve all the time`);
    if (used >= policy.budget.actions)
      refusals.push(
        `the budget is used up: ${used} of ${policy.budget.actions} actions in ${minutesText(policy.budget.perMs)}`,
      );
  }
  if (able.length === 0)
    refusals.push(`nobody who could do it was heard of in the last minute: start 'ebb respond' beside ${service}`);
  if (pending !== undefined) refusals.push(`action ${pending.id} (${pending.kind}) of ${service} is not over`);
  if (room !== null && 'refusal' in room) refusals.push(room.refusal);
  if ((kind === 'shed' || kind === 'switch-off') && subject === null)
    refusals.push(kind === 'shed' ? 'the route to shed is missing' : 'the flag to switch off is missing');
  if (goesByProcess(kind) && targets.length === 0) refusals.push('no process that is heard of is meant');
  if (changesVersion(kind) && version === null) refusals.push('the version to go to is missing');
  if (version !== null && processes.length > 0 && processes.every((process) => process.version === version))
    refusals.push(`all processes of ${service} run ${version} already`);
  return {
    kind,
    service,
    version,
    subject,
    allowed: refusals.length === 0,
    refusals,
    advice: adviceFor(input, targets),
    steps: stepsOf(input, { targets, subject }, able[0]),
    targets,
    serving,
    leastServing,
    budget: policy === undefined ? null : { used, of: policy.budget.actions, perMs: policy.budget.perMs },
  };
}

/** What is planned, in a few words: `restart of 3`, `rollback to 1.0`. */
export function planName({
  kind,
  version,
  subject,
  targets,
}: Pick<Plan, 'kind' | 'version' | 'subject' | 'targets'>): string {
  if (kind === 'raise-limit') return `raise-limit of ${targets.length} to ${subject ?? '?'} MB`;
  if (goesByProcess(kind)) return `${kind} of ${targets.length}`;
  return changesVersion(kind) ? `${kind} to ${version ?? '?'}` : `${kind} of ${subject ?? '?'}`;
}

/** The one that dies first is restarted first. */
function targetsOf(processes: readonly ProcessRow[], instances: readonly string[] | null): ActionTarget[] {
  return processes
    .filter(({ instance }) => instances === null || instances.includes(instance))
    .map((process) => ({
      instance: process.instance,
      pid: process.pid,
      version: process.version,
      secondsToLimit: process.seconds_to_limit_soonest ?? process.seconds_to_limit,
    }))
    .sort((a, b) => (a.secondsToLimit ?? Infinity) - (b.secondsToLimit ?? Infinity));
}

function stepsOf(
  { kind, service, version }: PlanInput,
  { targets, subject }: { targets: readonly ActionTarget[]; subject: string | null },
  runner: PlanInput['runners'][number] | undefined,
): string[] {
  const by = runner === undefined ? 'by nobody yet' : `by ${runner.name} (${runner.executor})`;
  if (kind === 'shed')
    return [
      `answer ${subject ?? 'the route that is named'} of ${service} with 503 and Retry-After, ${by}; all other routes go on`,
    ];
  if (kind === 'switch-off') return [`switch off ${subject ?? 'the flag that is named'} of ${service}, ${by}`];
  if (changesVersion(kind)) {
    const where = version ?? 'the version that is named';
    return [
      `${kind === 'rollback' ? 'roll back' : 'roll forward'} ${service} to ${where}, ${by}`,
      'watch the share of failed requests meanwhile, and have it stopped if that rises',
    ];
  }
  if (kind === 'trim')
    return targets.map(
      ({ instance, pid, version: runs }) =>
        `have process ${pid ?? 'of an unknown id'} (${instance}, ${runs}) give back what malloc keeps of freed memory, ${by}`,
    );
  const larger = kind === 'raise-limit' ? ` with a heap limit of ${subject ?? '?'} MB` : '';
  return targets.map(({ instance, pid, version: runs, secondsToLimit }) => {
    const limit =
      secondsToLimit === null ? '' : `, at its limit in ${minutesText(secondsToLimit * 1000)} at the soonest`;
    return `restart process ${pid ?? 'of an unknown id'} (${instance}, ${runs}${limit})${larger}, ${by}: a new one first, then drain`;
  });
}

function adviceFor(input: PlanInput, targets: readonly ActionTarget[]): string[] {
  const { kind, version, processes, advice, capacity } = input;
  const told = advice === null || advice === '' ? [] : [advice];
  if (changesVersion(kind) && version !== null) {
    const same = processes.filter((process) => process.version === version);
    const leaks = same.filter(({ verdict }) => verdict === 'leak' || verdict === 'native');
    if (leaks.length > 0)
      told.push(
        `${leaks.length} of ${same.length} processes that run ${version} now leak, too: going there may not help.`,
      );
    else if (same.length === 0 && told.length === 0)
      told.push(`Ebb hears of no process that runs ${version}, and cannot say whether going there helps.`);
  }
  if (capacity !== null) told.push(capacity.sentence);
  if (kind === 'trim') told.push(...trimAdvice(input, targets));
  if (kind === 'shed') told.push('Whoever asks for this route gets an error until it is taken back.');
  if (replacesProcesses(kind) && processes.some(({ verdict }) => verdict === 'leak' || verdict === 'native'))
    told.push('A restart buys time, and mends nothing: what leaks will leak again.');
  return told;
}

/** How much it can be at the most, and what it cannot be. */
function trimAdvice({ processes }: PlanInput, targets: readonly ActionTarget[]): string[] {
  const meant = processes.filter(({ instance }) => targets.some((target) => target.instance === instance));
  const leaks = meant.filter(({ verdict }) => verdict === 'leak').length;
  const outside = meant.flatMap(({ rss_bytes: rss, floor_bytes: floor }) =>
    rss === null || floor === null ? [] : [Math.max(0, rss - floor)],
  );
  const most = outside.reduce((sum, one) => sum + one, 0);
  return [
    ...(outside.length === 0
      ? []
      : [
          `At the most ${bytes(most)} can come of it: what is resident beyond what the heap and its buffers use, the programs themselves included.`,
        ]),
    ...(leaks === 0 ? [] : [`${leaks} of ${meant.length} leak: what leaks is in use, and none of it is given back.`]),
    'A process may stand for some tenths of a second meanwhile.',
  ];
}

function processesText(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`;
}

function minutesText(ms: number): string {
  const minutes = ms / 60_000;
  return minutes < 2
    ? `${Math.round(ms / 1000)} s`
    : minutes < 120
      ? `${Math.round(minutes)} min`
      : `${Math.round(minutes / 60)} h`;
}
