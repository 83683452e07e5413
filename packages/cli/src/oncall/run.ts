/** What `ebb oncall` does: asks the server, and tells the answer in words or as JSON. */
import { CliError } from '../errors/cli-error.ts';
import { serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { printable } from '../wording/printable.ts';
import { checkPlan } from './check.ts';
import { nowWords, scheduleWords, type OnCallNow, type ScheduleSpan } from './words.ts';

/** What its flags say. */
export interface OnCallOptions extends ServerFlags {
  days: number;
  /** Milliseconds. */
  for?: number;
  why?: string;
  json?: true;
}

/** What is printed, and what the command ends with. */
export interface OnCallResult {
  text: string;
  exitCode: number;
}

const dayMs = 86_400_000;
const counts: Readonly<Record<string, readonly [least: number, most: number]>> = {
  now: [0, 0],
  schedule: [1, 1],
  override: [2, 20],
  test: [1, 1],
  acknowledge: [1, 1],
  reassign: [2, 2],
  call: [2, 20],
  check: [1, 1],
};

/**
 * Does it.
 *
 * @throws {CliError} EBB_CLI_USAGE, and what the client throws
 * @throws {Error} EBB_SERVER_ONCALL of a plan that cannot be used
 */
export async function runOnCall(
  action: string,
  names: readonly string[],
  options: OnCallOptions,
): Promise<OnCallResult> {
  const [least, most] = counts[action] ?? wrong(`there is no action "${action}"`);
  if (names.length < least || names.length > most)
    wrong(
      `"${action}" takes ${least === 0 ? 'nothing more' : least === most ? `${least} more` : `${least} more or above`}`,
    );
  const [name = '', ...others] = names;
  if (action === 'check') return await checkPlan(name);
  const client = serverOf(options);
  const done = (answer: unknown, words: string, exitCode = 0): OnCallResult => ({
    text: options.json === true ? `${JSON.stringify({ format: 'ebb.oncall/1', ...(answer as object) })}\n` : words,
    exitCode,
  });
  if (action === 'now') {
    const answer = (await client.get('/api/v1/oncall')) as OnCallNow;
    return done(answer, nowWords(answer));
  }
  if (action === 'schedule') {
    const fromMs = Date.now();
    const span = { fromMs, toMs: fromMs + options.days * dayMs };
    const answer = (await client.get(`/api/v1/oncall/schedules/${encodeURIComponent(name)}`, span)) as ScheduleSpan;
    return done(answer, scheduleWords(answer));
  }
  if (action === 'override') {
    if (options.for === undefined || options.why === undefined) wrong('"override" needs --for and --why');
    const body = { people: others, toMs: Date.now() + (options.for ?? 0), why: options.why };
    const path = `/api/v1/oncall/schedules/${encodeURIComponent(name)}/overrides`;
    const answer = (await client.send('POST', path, body)) as { id: number; toMs: number };
    const until = new Date(answer.toMs).toISOString();
    return done(answer, printable(`override ${answer.id} of ${name}: ${others.join(', ')} until ${until}`) + '\n');
  }
  if (action === 'test') {
    const path = `/api/v1/oncall/people/${encodeURIComponent(name)}/test`;
    const answer = (await client.send('POST', path)) as { ways: { way: string; ok: boolean; detail: string }[] };
    const lines = answer.ways.map(({ way, ok, detail }) => `${ok ? 'took it' : 'FAILED '}  ${way}: ${detail}`);
    return done(answer, lines.map((line) => `${printable(line)}\n`).join(''), answer.ways.some(({ ok }) => ok) ? 0 : 1);
  }
  const path = `/api/v1/incidents/${incidentNumber(name)}`;
  if (action === 'acknowledge') {
    const body = options.for === undefined ? {} : { forMs: options.for };
    const answer = (await client.send('POST', `${path}/acknowledge`, body)) as {
      holder: string;
      untilMs: number;
      isOwn: boolean;
    };
    const until = new Date(answer.untilMs).toISOString();
    const words = answer.isOwn
      ? `incident ${name} is yours until ${until}`
      : `${answer.holder} was faster, and has it until ${until}`;
    return done(answer, `${printable(words)}\n`);
  }
  const body = action === 'reassign' ? { to: targetOf(others[0] ?? '') } : { add: others.map(targetOf) };
  const what = action === 'reassign' ? 'reassign' : 'responders';
  const answer = (await client.send('POST', `${path}/${what}`, body)) as { people: string[] };
  return done(answer, `${printable(`paged: ${answer.people.join(', ')}`)}\n`);
}

function incidentNumber(text: string): string {
  return /^[1-9]\d{0,14}$/u.test(text) ? text : wrong(`"${text}" is no number of an incident`);
}

/** `ada`, `schedule:web`, `team:sessions`. */
function targetOf(text: string): { kind: string; name: string } {
  const [, kind = 'person', name = ''] = /^(?:(person|schedule|team):)?(.+)$/u.exec(text) ?? [];
  return { kind, name };
}

function wrong(message: string): never {
  throw new CliError('EBB_CLI_USAGE', `${message}: ebb oncall --help`);
}
