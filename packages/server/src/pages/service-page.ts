import type { ToldAttribution } from '../attribution/told.ts';
import type { ServiceState, VersionState } from '../judge/fleet.ts';
import { runsOut } from '../judge/pool.ts';
import type { ProcessRow } from '../store/schema.ts';
import { changesSection } from './changes-section.ts';
import { html, type Content, type Markup } from './html.ts';
import { incidentList, type ListedIncident } from './incident-list.ts';
import { memoryChart, type ChartInput } from './memory-chart.ts';
import { table } from './table.ts';
import { memoryOf, placeOf, timeToLimit } from './services-page.ts';
import { count, pace, spanInterval, span, timeElement, utc, verdictBadge } from './wording.ts';

/** What the page of a service shows. */
export interface ServiceInput {
  service: ServiceState;
  /** Those that run. */
  processes: readonly ProcessRow[];
  open: readonly ListedIncident[];
  /** Which change brought the growth that is an open incident; null else. */
  attribution: ToldAttribution | null;
  /** The process whose memory is drawn, with what it told. */
  chosen: { process: ProcessRow; chart: ChartInput } | null;
  nowMs: number;
}

const mostShown = 50;

/** A service: its versions, its processes with the odd one out, and the memory of one. */
export function servicePage({ service, processes, open, attribution, chosen, nowMs }: ServiceInput): Markup {
  const odd = new Set(service.versions.flatMap((version) => version.odd));
  const ordered = inOrder(processes, odd);
  const shown = ordered.slice(0, mostShown);
  return html`<p class="crumb"><a href="/">Services</a></p>
    <h1>${service.name} <span class="place">${placeOf(service)}</span></h1>
    <p class="lead">${verdictBadge(service.verdict)} ${timeToLimit(service)}</p>
    ${open.length === 0 ? null : incidentList(open, nowMs)} ${changesSection(attribution)}
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      ${table(
        'versions',
        ['Version', 'Verdict', 'Time to limit', 'Growth (median)', 'Processes', 'First seen'],
        service.versions.toReversed().map((version) => versionRow(version, nowMs)),
      )}
    </section>
    ${chosen === null ? null : memorySection(chosen)}
    <section aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      ${odd.size === 0 ? null : html`<p>${oddSentence(odd.size)}</p>`}
      ${table(
        'processes',
        ['Process', 'Verdict', 'Time to limit', 'Growth', 'Memory', 'Version', 'Heard of'],
        shown.map((process) =>
          processRow(process, { odd, chosenId: chosen?.process.id ?? null, nowMs, serviceId: service.id }),
        ),
      )}
      ${shown.length < processes.length ? html`<p class="none">${shown.length} of ${processes.length} are shown; the API lists all.</p>` : null}
    </section>`;
}

/** Those that run out first, the odd ones before the others, then as they came. */
export function inOrder(processes: readonly ProcessRow[], odd: ReadonlySet<number>): ProcessRow[] {
  const urgency = (process: ProcessRow): number =>
    runsOut(process.verdict) ? (process.seconds_to_limit ?? Number.MAX_SAFE_INTEGER) : Number.MAX_VALUE;
  return processes.toSorted(
    (a, b) => Number(odd.has(b.id)) - Number(odd.has(a.id)) || urgency(a) - urgency(b) || a.id - b.id,
  );
}

function oddSentence(many: number): string {
  return many === 1
    ? 'One process runs out while most of its version do not: look for what is different about it.'
    : `${many} processes run out while most of their version do not: look for what is different about them.`;
}

function versionRow(version: VersionState, nowMs: number): Content[] {
  const { verdicts, processes } = version;
  const out = verdicts.leak + verdicts.native;
  const share =
    out === 0 || out === processes
      ? null
      : html`<span class="note">${out} of them ${out === 1 ? 'runs' : 'run'} out</span>`;
  return [
    version.version === '' ? 'without a name' : version.version,
    verdictBadge(version.verdict),
    timeToLimit(version) ?? '–',
    version.bytesPerSecond === null ? 'not known' : pace(version.bytesPerSecond),
    html`${count(processes, 'process', 'processes')} ${share}`,
    timeElement(version.firstSeenMs, nowMs),
  ];
}

function processRow(
  process: ProcessRow,
  told: { odd: ReadonlySet<number>; chosenId: number | null; nowMs: number; serviceId: number },
): Content[] {
  const { bytes_per_second: grows, seconds_to_limit: seconds } = process;
  const interval = spanInterval([process.seconds_to_limit_soonest, process.seconds_to_limit_latest]);
  const current = process.id === told.chosenId ? html`aria-current="true"` : null;
  return [
    html`<a href="/services/${told.serviceId}?process=${process.id}#memory" ${current}
        >${process.instance || `process ${process.id}`}</a
      >
      ${told.odd.has(process.id) ? html`<span class="badge odd">odd one out</span>` : null}`,
    verdictBadge(process.verdict),
    runsOut(process.verdict) && seconds !== null
      ? html`${span(seconds)} ${interval === '' ? null : html`<span class="note">(${interval})</span>`}`
      : '–',
    grows === null ? 'not known' : pace(grows),
    memoryOf(process),
    process.version,
    timeElement(process.last_seen_ms, told.nowMs),
  ];
}

function memorySection({ process, chart }: NonNullable<ServiceInput['chosen']>): Markup {
  const changes = chart.changes.toReversed().slice(0, 10);
  return html`<section aria-labelledby="memory">
    <h2 id="memory">Memory of ${process.instance || `process ${process.id}`}</h2>
    ${memoryChart(chart)}
    ${
      changes.length === 0
        ? null
        : html`<details>
            <summary>Changes of its verdict</summary>
            <ol class="timeline">
              ${changes.map(({ time_ms: timeMs, verdict }) => html`<li>${utc(timeMs)} ${verdictBadge(verdict)}</li>`)}
            </ol>
          </details>`
    }
  </section>`;
}
