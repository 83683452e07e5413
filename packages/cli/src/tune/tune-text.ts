/** The report of `ebb tune` as text. */
import type { Figure, Spread } from './compare.ts';
import type { TuneReport } from './tune.ts';

const names: Readonly<Record<Figure, string>> = {
  peakRssBytes: 'peak RSS',
  cpuMsPerRequest: 'CPU a request',
  latencyP99Ms: 'latency p99',
  gcShare: 'GC share',
  requestsPerSecond: 'requests a second',
};

/** What was measured, what each setting changed, and what to set. */
export function tuneText(report: TuneReport): string {
  const { today, trials, memory, together, notes, runs, secondsPerRun, requests, connections } = report;
  const lines = [
    ...notes.map((note) => `NOTE   ${note}`),
    `${runs} runs of ${secondsPerRun} s each, ${connections} connections, ${requests} requests in all`,
    '',
    'today',
    ...(Object.keys(names) as Figure[]).map(
      (figure) => `  ${names[figure].padEnd(18)} ${spread(figure, today[figure])}`,
    ),
  ];
  for (const { setting, value, recommended, differences } of trials) {
    lines.push('', `${assignment(setting, value)}    ${recommended ? 'WORTH IT' : verdictOf(differences)}`);
    lines.push(...changed(differences));
  }
  const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  lines.push(
    '',
    'memory, computed from the peak (not measured)',
    `  --max-old-space-size=${memory.maxOldSpaceMb ?? '?'}`,
    `  container          requests ${mb(memory.requestBytes)} and ${memory.requestMillicores}m CPU, limit ${mb(memory.limitBytes)}`,
    ...memory.reasons.map((reason) => `  ${reason}`),
    '  A leak is not tuned away: with one, the peak is that of the run, and not of a day.',
  );
  if (together !== null) {
    const { settings, differences, container } = together;
    const worth = differences.some(({ verdict }) => verdict !== null);
    lines.push(
      '',
      `all of it together, measured: ${settings.join(' ')}`,
      ...(worth ? changed(differences) : ['  no difference measured']),
      `  container          ${containerWords(container)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** What changed beyond the spread of the runs. */
function changed(differences: TuneReport['trials'][number]['differences']): string[] {
  return differences.flatMap(({ figure, with: is, share, verdict }) => {
    if (verdict === null) return [];
    const change = share === null ? '' : `, ${share > 0 ? '+' : ''}${(share * 100).toFixed(0)} %`;
    return [`  ${names[figure].padEnd(18)} ${spread(figure, is)}  ${verdict}${change}`];
  });
}

function assignment(setting: string, value: string): string {
  return `${setting}=${value}`;
}

function verdictOf(differences: TuneReport['trials'][number]['differences']): string {
  const found = new Set(differences.map(({ verdict }) => verdict));
  if (found.has('better') && found.has('worse')) return 'better in one thing, worse in another';
  return found.has('worse') ? 'worse' : 'no difference measured';
}

function spread(figure: Figure, { median, least, most }: Spread): string {
  const show = (value: number): string => {
    if (figure === 'peakRssBytes') return `${(value / 2 ** 20).toFixed(1)} MB`;
    if (figure === 'gcShare') return `${(value * 100).toFixed(1)} %`;
    if (figure === 'requestsPerSecond') return value.toFixed(0);
    return `${value.toFixed(value < 1 ? 3 : 1)} ms`;
  };
  return `${show(median)} (${show(least)} to ${show(most)})`;
}

/** What the kernel made of the limit; or that it was not asked. */
function containerWords(container: NonNullable<TuneReport['together']>['container']): string {
  if (typeof container === 'string') return `its limit was computed, and not tried: ${container}`;
  const { limitBytes, peakBytes, timesAtLimit, kills } = container;
  const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  const limit = `measured within a limit of ${mb(limitBytes)}`;
  if (kills > 0) return `${limit}: THE KERNEL KILLED IT, ${kills} ${kills === 1 ? 'time' : 'times'}`;
  const peak = peakBytes === null ? '' : `, ${mb(peakBytes)} at the most with page cache`;
  return `${limit}: ${timesAtLimit === 0 ? 'never reached' : `reached ${timesAtLimit} times, nothing was killed`}${peak}`;
}
