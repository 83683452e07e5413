import type { Finding } from '../../findings/finding.ts';
import { placeOf } from '../../findings/words.ts';
import { findingsBeforeMs } from '../../incident/notes.ts';
import { html, type Content, type Markup } from '../html.ts';
import { bytes, count, timeElement } from '../wording.ts';
import type { IncidentSection } from './section.ts';

const mostShown = 5;

/** What holds the memory, in the code. */
export const culpritSection: IncidentSection = async ({ context, incident, nowMs }) => {
  const sinceMs = incident.opened_ms - findingsBeforeMs;
  const all = await context.findings.findingsOf(incident.service_id, { sinceMs });
  // What was found after the end is another incident's.
  const found = all.filter(({ firstSeenMs }) => firstSeenMs <= (incident.resolved_ms ?? nowMs));
  if (found.length === 0) return null;
  const shown = found.toSorted((a, b) => Number(b.confirmed) - Number(a.confirmed)).slice(0, mostShown);
  return html`<section aria-labelledby="culprit">
    <h2 id="culprit">What holds the memory</h2>
    ${shown.map((finding) => findingBlock(finding, nowMs))}
    ${
      shown.length < found.length
        ? html`<p class="none">${shown.length} of ${found.length} findings are shown; the API lists all.</p>`
        : null
    }
  </section>`;
};

function findingBlock(finding: Finding, nowMs: number): Markup {
  const { subject, confirmed, holder, insertedAt, sampleType, bytesPerRequest, retainedBytes, routes, version } =
    finding;
  const sizes = [
    bytesPerRequest === null ? '' : `${bytes(bytesPerRequest)} a request`,
    retainedBytes === null ? '' : `${bytes(retainedBytes)} held when it was found`,
  ].filter((text) => text !== '');
  const processes = count(finding.times, 'process', 'processes');
  return html`<article class="finding">
    <h3>
      ${subject}
      ${confirmed ? html`<span class="badge leak">confirmed</span>` : html`<span class="badge">suspect</span>`}
    </h3>
    <dl class="facts">
      ${fact('Held in', holder.location === null ? null : html`<code>${placeOf(holder.location)}</code>`)}
      ${fact('Added in', insertedAt === null ? null : html`<code>${placeOf(insertedAt)}</code>`)}
      ${fact('Package', finding.package)}
      ${fact('Piles up', [sampleType, ...sizes].filter((text) => text !== '').join(', '))}
      ${fact('Fed by', routes.join(', '))}
      ${fact('Found', html`${version === '' ? '' : `in ${version}, `}in ${processes}, last ${timeElement(finding.lastSeenMs, nowMs)}`)}
      ${fact('Fingerprint', html`<code>${finding.fingerprint}</code>`)}
    </dl>
  </article>`;
}

function fact(name: string, told: Content): Markup | null {
  return told === null || told === ''
    ? null
    : html`<dt>${name}</dt>
        <dd>${told}</dd>`;
}
