/** Root cause, trigger, and what resolved it. */
import { commitsSentence } from '../../attribution/commits.ts';
import { bytes } from '../../pages/wording.ts';
import { changesThatHelped, changeWords, guiltyChange } from '../blamed-changes.ts';
import type { PostmortemFacts } from '../facts.ts';
import { code, list, plain } from '../markdown.ts';
import { clockOf, placeOf, upper } from './words.ts';

/** The cause in a sentence, as Markdown. */
export function causeSentence(facts: PostmortemFacts): string {
  const { culprit, incident, hypotheses } = facts;
  const confirmed = hypotheses.find(({ state }) => state === 'confirmed');
  if (culprit !== null) {
    const place = placeOf(facts);
    const where = place === null ? '' : ` at ${code(place)}`;
    const each = culprit.bytesPerRequest === null ? '' : `, ${bytes(culprit.bytesPerRequest)} with each request`;
    const proof = culprit.confirmed ? '' : ' (suspected: snapshots have not proved it)';
    return `A memory leak: ${plain(culprit.subject)}${where} keeps what it gets${each}${proof}`;
  }
  if (confirmed !== undefined) return `${plain(confirmed.title)}, as ${plain(confirmed.decided_by ?? '')} confirmed`;
  if (incident.cause === 'memory') return 'A memory leak; what holds the memory was not found';
  if (incident.cause === 'elsewhere') return 'Not memory: no process grew. What it was is not known to Ebb';
  return 'Not known: nobody has confirmed a cause';
}

/** The section. */
export function causeSection(facts: PostmortemFacts): string {
  const { culprit, timeline, versions, service, commits } = facts;
  const clock = clockOf(facts);
  const trigger = guiltyChange(facts)?.part;
  const blamed = timeline
    .filter(({ kind, text }) => (kind === 'guilty' || kind === 'exonerated') && text !== trigger)
    .map(({ timeMs, text }) => `${clock.time(timeMs)}: ${plain(text)}.`);
  const grew = versions.filter((version) => version.grew > 0);
  const still = versions.filter((version) => version.grew === 0);
  const names = (some: typeof versions): string => some.map(({ version }) => code(version || 'no version')).join(', ');
  const points = [
    `**Root cause:** ${causeSentence(facts)}.`,
    culprit === null
      ? null
      : `**Evidence:** ${plain(culprit.title)}; ${culprit.confirmed ? 'confirmed by heap snapshots' : 'not confirmed'}, told by ${culprit.times} ${culprit.times === 1 ? 'process' : 'processes'}; fingerprint ${code(culprit.fingerprint)}.`,
    culprit === null || culprit.routes.length === 0 ? null : `**Fed by:** ${culprit.routes.map(code).join(', ')}.`,
    grew.length === 0
      ? null
      : `**Versions of ${plain(service.name)} judged to leak:** ${names(grew)}${still.length === 0 ? '; no other version ran' : `; ${names(still)} ${still.length === 1 ? 'was' : 'were'} not`}.`,
    `**Trigger:** ${triggerOf(facts)}`,
    ...blamed.map((line) => `**Other changes:** ${line}`),
    commits === null || commits.commits.length === 0 ? null : `**Commit:** ${plain(commitsSentence(commits))}.`,
    `**Resolution:** ${resolutionOf(facts)}`,
  ];
  return list(points);
}

function triggerOf(facts: PostmortemFacts): string {
  const { changes, timeline, times, hypotheses } = facts;
  const clock = clockOf(facts);
  const change = guiltyChange(facts);
  if (change !== null) return `${plain(changeWords(change, clock))}. ${upper(plain(change.part))}.`;
  const guilty = timeline.find(({ kind }) => kind === 'guilty');
  if (guilty !== undefined) return `${plain(guilty.text)} (${clock.time(guilty.timeMs)}).`;
  const confirmed = hypotheses.find(({ state, change_id: changeId }) => state === 'confirmed' && changeId !== null);
  const suspect = changes.find(({ id }) => id === confirmed?.change_id);
  if (suspect !== undefined)
    return `${suspect.kind} at ${clock.time(suspect.time_ms, true)}: ${plain(suspect.summary)}.`;
  const { startedMs } = times;
  const earlier = changes.filter(({ time_ms: timeMs }) => startedMs !== null && timeMs <= startedMs);
  const before = earlier.findLast(({ source }) => source !== 'telemetry') ?? earlier.at(-1);
  if (before === undefined) return 'no change is known before it began; the load itself may have brought it.';
  return `not proved. The last change before it began was at ${clock.time(before.time_ms, true)}: ${plain(before.kind)}: ${plain(before.summary)}.`;
}

function resolutionOf(facts: PostmortemFacts): string {
  const { timeline, incident, changes } = facts;
  if (incident.resolvedMs === null) return 'it is not resolved yet.';
  const helped = new Map(changesThatHelped(facts).map((change) => [change.recovery, change]));
  const done = timeline
    .filter(({ kind }) => kind === 'action-done' || kind === 'recovered')
    .flatMap(({ text }) => {
      const change = helped.get(text);
      return [...(change === undefined ? [] : [plain(changeWords(change, clockOf(facts)))]), plain(text)];
    });
  const deploys = changes.filter(({ time_ms: timeMs }) => timeMs > incident.openedMs);
  // What telemetry saw is the same change again, where somebody told it.
  const told = deploys.filter(({ source }) => source !== 'telemetry');
  const last = timeline.findLast(({ kind }) => kind === 'recovery');
  const lastChange = (told.length > 0 ? told : deploys).at(-1);
  const parts = [
    ...done,
    ...(done.length > 0 || lastChange === undefined
      ? []
      : [`the last change before it was over: ${plain(lastChange.summary)}`]),
    ...(last === undefined ? [] : [plain(last.text)]),
  ].map(upper);
  return parts.length === 0 ? 'it ended by itself; nothing that was done is known.' : `${parts.join('. ')}.`;
}
