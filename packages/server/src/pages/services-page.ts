import type { ServiceState } from '../judge/fleet.ts';
import { runsOut } from '../judge/pool.ts';
import { html, type Markup } from './html.ts';
import { byUrgency, incidentList, type ListedIncident } from './incident-list.ts';
import { bytes, count, pace, span, spanInterval, verdictBadge } from './wording.ts';

/** What the first page shows. */
export interface ServicesInput {
  /** Those that run out first on top, see `fleetOf`. */
  services: readonly ServiceState[];
  open: readonly ListedIncident[];
  nowMs: number;
  /** Where this server is reached. */
  address: string;
}

/** More services are told by number only: the API lists them all. */
const mostShown = 500;

/** Open incidents, then services by time to limit. */
export function servicesPage({ services, open, nowMs, address }: ServicesInput): Markup {
  if (services.length === 0) return emptyPage(address, open, nowMs);
  const shown = services.slice(0, mostShown);
  return html`<h1>${headline(services)}</h1>
    ${open.length === 0 ? null : openIncidents(open, nowMs)}
    <section aria-labelledby="services">
      <h2 id="services">Services by time to limit</h2>
      <ul class="rows">
        ${shown.map(serviceRow)}
      </ul>
      ${
        shown.length < services.length
          ? html`<p class="none">${shown.length} of ${services.length} are shown; the API lists all.</p>`
          : null
      }
    </section>`;
}

/** `2 of 5 services run out of memory, the first in 23 minutes`. */
function headline(services: readonly ServiceState[]): string {
  const out = services.filter(({ verdict }) => runsOut(verdict));
  const all = count(services.length, 'service');
  if (out.length === 0) return `${all}, none runs out of memory`;
  const nearest = out[0]?.secondsToLimit ?? null;
  const when = nearest === null ? '' : `, the first in ${span(nearest)}`;
  return `${out.length} of ${all} ${out.length === 1 ? 'runs' : 'run'} out of memory${when}`;
}

function openIncidents(open: readonly ListedIncident[], nowMs: number): Markup {
  return html`<section aria-labelledby="open">
    <h2 id="open">Open incidents</h2>
    ${incidentList(byUrgency(open), nowMs)}
  </section>`;
}

function serviceRow(service: ServiceState): Markup {
  const { id, name, verdict, confirmed, processes, versions } = service;
  const version = versions.find((one) => one.verdict === verdict) ?? versions.at(-1);
  const grows = runsOut(verdict) ? pace(version?.bytesPerSecond ?? 0) : 'none';
  const facts = [count(processes, 'process', 'processes'), count(versions.length, 'version')];
  if (grows !== 'none') facts.push(grows);
  return html`<li class="row ${verdict}">
    <div class="name"><a href="/services/${id}">${name}</a> <span class="place">${placeOf(service)}</span></div>
    <div>
      ${verdictBadge(verdict)}
      ${runsOut(verdict) && !confirmed ? html`<span class="note">not more than chance may bring</span>` : null}
    </div>
    <div class="limit">${timeToLimit(service)}</div>
    <div class="note">${facts.join(', ')}</div>
  </li>`;
}

/** Namespace and environment, where there are any. */
export function placeOf({ namespace, environment }: Pick<ServiceState, 'namespace' | 'environment'>): string {
  return [namespace, environment].filter((part) => part !== '').join(', ');
}

/** The time to the limit with its interval; for what does not run out, nothing. */
export function timeToLimit(
  judged: Pick<ServiceState, 'verdict' | 'secondsToLimit' | 'secondsToLimitInterval'>,
): Markup | null {
  if (!runsOut(judged.verdict)) return null;
  if (judged.secondsToLimit === null) return html`<span class="note">no limit is known</span>`;
  const interval = spanInterval(judged.secondsToLimitInterval);
  return html`<strong>${span(judged.secondsToLimit)}</strong> to the limit
    ${interval === '' ? null : html`<span class="note">(${interval})</span>`}`;
}

/** Memory of a process beside its limit. */
export function memoryOf(process: {
  floor_bytes: number | null;
  rss_bytes: number | null;
  heap_limit_bytes: number | null;
  container_limit_bytes: number | null;
}): string {
  const [used, limit] =
    process.floor_bytes === null
      ? [process.rss_bytes, process.container_limit_bytes]
      : [process.floor_bytes, process.heap_limit_bytes ?? process.container_limit_bytes];
  if (used === null) return '';
  return limit === null ? bytes(used) : `${bytes(used)} of ${bytes(limit)}`;
}

function emptyPage(address: string, open: readonly ListedIncident[], nowMs: number): Markup {
  return html`<h1>No process reports here yet</h1>
    ${open.length === 0 ? null : openIncidents(open, nowMs)}
    <p>Start a Node.js service with Ebb’s agent in it, and tell it where this server is:</p>
    <pre tabindex="0"><code>export OTEL_EXPORTER_OTLP_ENDPOINT=${address}
export OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN
node --import @ebb/agent/register app.js</code></pre>
    <p>
      TOKEN is the agents’ one, which the first start of <code>ebb up</code> printed. An administrator can make another:
    </p>
    <pre tabindex="0"><code>curl -H "authorization: Bearer ADMIN_TOKEN" -H "content-type: application/json" \\
  -d '{"name":"agents","role":"agent"}' ${address}/api/v1/tokens</code></pre>
    <p>
      A service appears here with its first report, within a minute. OpenTelemetry’s own exporters and Prometheus
      remote-write can report, too: see the <a href="/api/v1/docs">API</a>.
    </p>`;
}
