/** What an incident says in a sentence or two. */
import type { ServiceState } from '../judge/fleet.ts';
import { runsOut } from '../judge/pool.ts';
import type { Finding } from '../findings/finding.ts';
import { findingSentence, size } from '../findings/words.ts';

/**
 * Names the version that is nearest to its limit, what holds its memory where that was found, how many of its processes run
 * out, how fast, and how long is left.
 */
export function summaryOf(service: ServiceState, findings: readonly Finding[]): string {
  const version = service.versions
    .filter(({ verdict }) => runsOut(verdict))
    .sort((a, b) => (a.secondsToLimit ?? Infinity) - (b.secondsToLimit ?? Infinity))
    .at(0);
  if (version === undefined) return calmWords(service);
  const out = version.verdicts.leak + version.verdicts.native;
  const what = version.verdict === 'native' ? 'grows outside of the heap' : 'leaks';
  const who = `${service.name}${version.version === '' ? '' : ` ${version.version}`} ${what}`;
  const culprit = culpritOf(findings, version.version);
  const held = culprit === null ? '' : `${findingSentence(culprit)}; `;
  const share = `${out} of ${version.processes} ${version.processes === 1 ? 'process' : 'processes'}`;
  const pace = version.bytesPerSecond === null ? '' : `, ${bytes(version.bytesPerSecond * 60)} a minute`;
  return `${who}: ${held}${share}${pace}; ${timeLeft(version.secondsToLimit, version.secondsToLimitInterval)}`;
}

/** After a restart nothing runs out, as far as anybody can know. */
function calmWords({ name, processes, versions }: ServiceState): string {
  const young = versions.reduce((sum, { verdicts }) => sum + verdicts.warming, 0);
  if (young < processes) return `${name}: no process runs out of memory any more`;
  const many = `${young} of ${processes} ${processes === 1 ? 'process is' : 'processes are'}`;
  return `${name}: no process is known to run out of memory any more: ${many} too young to be judged`;
}

/** The finding to name: what was confirmed last in this version, or where nobody said in which. */
function culpritOf(findings: readonly Finding[], version: string): Finding | null {
  return findings.find((one) => one.confirmed && (one.version === version || one.version === '')) ?? null;
}

function timeLeft(seconds: number | null, interval: ServiceState['secondsToLimitInterval']): string {
  if (seconds === null) return 'no limit is known';
  const [soonest, latest] = interval ?? [null, null];
  const range =
    soonest === null ? '' : latest === null ? ` (${span(soonest)} or more)` : ` (${span(soonest)} to ${span(latest)})`;
  return `the limit is ${span(seconds)} away${range}`;
}

function span(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, unit] of units) {
    if (seconds < 1.5 * size) continue;
    return `${Math.round(seconds / size)} ${unit}s`;
  }
  return `${Math.round(seconds)} seconds`;
}

function bytes(value: number): string {
  return `${value < 0 ? '−' : '+'}${size(Math.abs(value))}`;
}
