/** What went well, what went wrong, and where there was luck: as far as it follows from what was measured. */
import { changeWords, returnsInVain } from '../blamed-changes.ts';
import type { PostmortemFacts } from '../facts.ts';
import { list, plain } from '../markdown.ts';
import { clockOf, duration } from './words.ts';

const soonMs = 5 * 60_000;

/** The section: Google's three questions. */
export function lessonsSection(facts: PostmortemFacts): string {
  const { well, wrong, lucky } = lessonsOf(facts);
  const part = (title: string, points: readonly string[]): string =>
    `**${title}**\n\n${points.length === 0 ? 'Nothing that was measured says so; whoever was there writes it here.' : list(points)}`;
  return [part('What went well', well), part('What went wrong', wrong), part('Where we got lucky', lucky)].join('\n\n');
}

function lessonsOf(facts: PostmortemFacts): { well: string[]; wrong: string[]; lucky: string[] } {
  const { times, impact, culprit, repeats, signals, timeline, grown, incident } = facts;
  const [well, wrong, lucky]: [string[], string[], string[]] = [[], [], []];
  if (culprit?.confirmed === true) {
    const found = timeline.find(({ kind }) => kind === 'finding');
    const after =
      found === undefined ? '' : ` ${duration(Math.max(0, found.timeMs - times.detectedMs))} after detection`;
    well.push(`What holds the memory was found and proved${after}, without a guess.`);
  } else if (incident.cause === 'memory') wrong.push('What holds the memory was not found while it lasted.');
  if (impact === null && incident.cause === 'memory') well.push('It was over before requests were slow or failed.');
  if (impact !== null && impact.all.fromMs < times.detectedMs)
    wrong.push(`Users were hit ${duration(times.detectedMs - impact.all.fromMs)} before anybody was told.`);
  if (times.acknowledgedMs !== null) {
    const afterMs = times.acknowledgedMs - times.detectedMs;
    (afterMs <= soonMs ? well : wrong).push(`It was ${duration(afterMs)} until somebody was on it.`);
  } else wrong.push('Nobody acknowledged it.');
  const ownersMs = ownersCalledMs(facts);
  if (ownersMs !== null && ownersMs - times.detectedMs > soonMs)
    wrong.push(
      `It was ${duration(ownersMs - times.detectedMs)} until somebody of the team that owns the file was called.`,
    );
  if ((times.wrongHypothesisMs ?? 0) > 0)
    wrong.push(`${duration(times.wrongHypothesisMs ?? 0)} went by on something that was not the cause.`);
  for (const change of returnsInVain(facts))
    wrong.push(`Going back was in vain: ${plain(changeWords(change, clockOf(facts)))}.`);
  const failed = timeline.filter(({ kind }) => kind === 'not-notified').length;
  if (failed > 0) wrong.push(`${failed} times somebody could not be told.`);
  const cpu = signals.find(({ kind, started_ms: startedMs }) => kind === 'cpu' && startedMs < times.detectedMs);
  if (cpu !== undefined)
    wrong.push(`The first alert was about the CPU (“${plain(cpu.title)}”), and the leak stood behind it.`);
  if (repeats.length > 0)
    wrong.push(`It is the same leak as ${repeats.length === 1 ? 'once' : `${repeats.length} times`} before.`);
  const limit = grown?.process.heap_limit_bytes ?? null;
  const most = Math.max(0, ...(grown?.samples ?? []).map((sample) => sample.floor_bytes ?? 0));
  const hasEnded = signals.some(({ kind }) => kind === 'restarts' || kind === 'oom');
  if (limit !== null && most >= 0.8 * limit && !hasEnded)
    lucky.push(`No process ended, though live memory was at ${Math.round((100 * most) / limit)} % of the limit.`);
  return { well, wrong, lucky };
}

/** When somebody of the owning team was paged first, by the policy or because others called them in; null: never. */
function ownersCalledMs({ timeline, owners }: PostmortemFacts): number | null {
  const paged = timeline.find(
    ({ kind, text }) => kind === 'paged' && owners.some((person) => text.startsWith(`${person} is paged: `)),
  );
  return paged?.timeMs ?? null;
}
