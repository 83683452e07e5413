import type { SignalRow } from '../../store/schema.ts';
import { html, type Markup } from '../html.ts';
import { timeElement } from '../wording.ts';
import type { IncidentSection } from './section.ts';

const mostShown = 50;

/** What else was told of the service meanwhile: those that last first. */
export const signalsSection: IncidentSection = async ({ context, incident, nowMs }) => {
  const signals = await context.incidents.signals(incident, nowMs);
  if (signals.length === 0) return null;
  const ordered = signals.toSorted(
    (a, b) => Number(a.ended_ms !== null) - Number(b.ended_ms !== null) || b.started_ms - a.started_ms,
  );
  return html`<section aria-labelledby="signals">
    <h2 id="signals">What else is told</h2>
    <ul class="rows">
      ${ordered.slice(0, mostShown).map((signal) => signalRow(signal, nowMs))}
    </ul>
  </section>`;
};

function signalRow(
  { kind, level, title, text, url, source, started_ms: startedMs, ended_ms: endedMs }: SignalRow,
  nowMs: number,
): Markup {
  const lasts = endedMs === null || endedMs > nowMs;
  const name = url === null ? title : html`<a href="${url}" rel="noreferrer">${title}</a>`;
  return html`<li class="row incident">
    <div><span class="badge ${level ?? ''}">${kind}</span></div>
    <div class="name">${name} ${text === '' ? null : html`<span class="note">${text}</span>`}</div>
    <div class="note">
      ${source === 'alertmanager' ? 'Alertmanager, ' : ''}${
        lasts ? html`since ${timeElement(startedMs, nowMs)}` : html`over ${timeElement(endedMs, nowMs)}`
      }
    </div>
  </li>`;
}
