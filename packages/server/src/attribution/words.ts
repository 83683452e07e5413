/** What is known of a change, in sentences that can be read at night: pure. */
import type { Estimate } from '@ebb/trend';
import { bytes, count, span, utc } from '../pages/wording.ts';
import { adviceOf } from './advice.ts';
import type { Attributed, Attribution, CellView } from './attribute.ts';
import type { Step } from './steps.ts';

/** What was told of it, or the version that was seen. */
export function nameOf({
  version,
  revision,
  changes,
  comes,
}: Pick<Step, 'version' | 'revision' | 'changes' | 'comes'>): string {
  if (comes === 'with the start') {
    if (version !== null) return version;
    if (revision !== null) return `revision ${revision.slice(0, 12)}`;
  }
  const [change] = changes;
  if (change === undefined) return 'an untold change';
  if (change.version !== null && comes === 'with the start') return change.version;
  return `the ${change.kind} “${change.summary}”`;
}

/** The same in a sentence: a version that ran before, and runs again, is another change than the one that brought it. */
export function phraseOf(step: Pick<Step, 'version' | 'revision' | 'changes' | 'comes' | 'isAgain'>): string {
  const name = nameOf(step);
  return step.isAgain && name === step.version ? `the return to ${name}` : name;
}

/** The growth of a cell: `31 kB a request (29 to 33 kB)`, or by the hour where requests tell nothing. */
export function growthWords({ measured: { growth } }: { measured: Pick<CellView['measured'], 'growth'> }): string {
  const by = growth.perRequest ?? null;
  if (by !== null) return `${bytes(by.value)} a request (${bytes(by.low)} to ${bytes(by.high)})`;
  if (growth.perSecond === null) return 'an unknown pace';
  const hour = perHour(growth.perSecond);
  return `${bytes(hour.value)} an hour (${bytes(hour.low)} to ${bytes(hour.high)})`;
}

/** The same by the hour. */
export function perHour({ value, low, high }: Estimate): Estimate {
  return { value: value * 3600, low: low * 3600, high: high * 3600 };
}

/** One change: what its part is, and by what that is known. */
export function sentenceOf(attributed: Attributed): string {
  const { step, part, reason, without, with: cell, others } = attributed;
  const name = phraseOf(step);
  const clocks = clockWords(step);
  if (part === 'guilty') return `${name} is guilty: ${guiltyWords(attributed)}${clocks}`;
  if (part === 'exonerated') {
    if (reason === 'grew before it' && without !== null)
      return `${name} is exonerated: ${whoOf(without, step)} grew ${growthWords(without)} for ${seen(without)} before it${clocks}`;
    const still = cell === null ? '' : `: ${processes(cell)} with it, watched for ${seen(cell)}, did not grow`;
    return `${name} is exonerated${still === '' ? ': growth shows on processes without it' : still}${clocks}`;
  }
  if (reason === 'not told apart' && others.length > 0)
    return `${name} is open: nothing tells it apart from ${others.map(phraseOf).join(' and ')}${clocks}`;
  const why: Record<string, string> = {
    'not told apart': 'the same version ran without growth before, so something else began',
    'nothing known before it': 'it grows since it came, and nothing is known from before it',
    'not seen in any process': 'no process that reports has it',
    'too little seen': 'its processes were not watched for long enough',
  };
  return `${name} is open: ${why[reason] ?? 'too little is known'}${clocks}`;
}

function guiltyWords({ step, without, with: cell }: Attributed): string {
  const after =
    cell === null
      ? ''
      : `${processes(cell)} with it ${cell.measured.processes === 1 ? 'grows' : 'grow'} ${growthWords(cell)}`;
  if (without === null) return after;
  return `${after}; ${processes(without)} without it (${whoOf(without, step)}) did not, in ${seen(without)}`;
}

function processes({ measured }: CellView): string {
  return count(measured.processes, 'process', 'processes');
}

function seen({ measured }: CellView): string {
  return span(measured.seenMs / 1000);
}

/** The version that stands against a change; the same version, before a change that came while it ran. */
function whoOf({ version }: CellView, step: Step): string {
  if (version === '') return 'what ran before';
  return version === step.version || step.comes === 'while it runs' ? `${version} before` : version;
}

function clockWords({ seenLaterMs, timeMs }: Step): string {
  if (seenLaterMs === null || Math.abs(seenLaterMs) < 5 * 60_000) return '';
  const apart = `${span(Math.abs(seenLaterMs) / 1000)} ${seenLaterMs > 0 ? 'after' : 'before'} it was told`;
  return ` (its first process started at ${utc(timeMs).slice(11)}, ${apart}: that counts)`;
}

/**
 * What the one on call reads first: whether going back helps, and to where; null where nothing is known yet.
 */
export function adviceWords(attribution: Attribution): string | null {
  if (attribution.present === null || attribution.steps.length === 0) return null;
  const { steps, newestVersion, sinceEver } = attribution;
  const { rollbackHelps, toVersion, undo } = adviceOf(attribution);
  const guilty = steps.filter(({ part }) => part === 'guilty').at(-1);
  const goTo =
    toVersion === null
      ? 'No version is known that does not grow'
      : `The newest version that did not grow is ${toVersion}`;
  if (guilty === undefined) {
    if (sinceEver !== null)
      return `No rollback is known to help: ${sinceEver.version === '' ? 'it' : sinceEver.version} grew ${growthWords(sinceEver)} since it is known. ${goTo}.`;
    const open = steps.filter(({ reason }) => reason === 'not told apart');
    if (open.length === 0) return null;
    const names = open.map(({ step }) => nameOf(step));
    return `It began with ${names.join(' or ')}: nothing tells them apart yet. ${goTo}.`;
  }
  if (undo !== null) return `Undo ${nameOf(undo.step)}: ${guiltyWords(undo)}.`;
  const name = nameOf(guilty.step);
  if (rollbackHelps === true) {
    const back = toVersion === null ? '' : ` to ${toVersion}`;
    return `Rolling back ${name}${back} will help: ${guiltyWords(guilty)}.`;
  }
  const newest = steps.filter(({ step, part }) => part === 'exonerated' && step.comes === 'with the start').at(-1);
  const inVain =
    newest === undefined || newestVersion === name ? '' : `Rolling back ${nameOf(newest.step)} will not help: `;
  const grew =
    guilty.with === null
      ? `${name} brought the growth`
      : `${name} grew ${growthWords(guilty.with)} for ${seen(guilty.with)} before it`;
  return `${inVain}${grew}. ${goTo}.`;
}
