import type { ScheduleNow, ScheduleSpan, ToldShift } from '../oncall/schedule/schedule-view.ts';
import { html, type Markup } from './html.ts';
import { utc } from './wording.ts';

/** What the page of who is on call shows. */
export interface OnCallInput {
  /** With the two weeks ahead of each. */
  schedules: readonly (ScheduleNow & Pick<ScheduleSpan, 'shifts' | 'warnings'>)[];
}

const mostShifts = 12;
const mostWarnings = 5;

/** Who is on call now, who is next, and what to mend before it is too late. */
export function onCallPage({ schedules }: OnCallInput): Markup {
  if (schedules.length === 0)
    return html`<h1>Nobody is on call</h1>
      <p>
        A plan says who is: people, schedules and who is paged after whom, in a file that the server is started with,
        <code>ebb up --oncall FILE</code>. The <a href="/api/v1/docs">API</a> and <code>ebb oncall</code> tell the same
        as this page.
      </p>`;
  return html`<h1>On call</h1>
    ${schedules.map(
      (one) =>
        html`<section aria-labelledby="schedule-${one.name}">
          <h2 id="schedule-${one.name}">${one.name}</h2>
          <p class="lead">
            ${one.now.length === 0 ? html`<span class="badge page">nobody</span>` : html`<b>${one.now.join(' and ')}</b>`}
            ${one.untilMs === null ? null : html`until ${when(one.untilMs, one.zone)}`}
          </p>
          ${one.warnings.slice(0, mostWarnings).map(({ text }) => html`<p class="problem">${text}</p>`)}
          <ol class="timeline">
            ${one.shifts.slice(0, mostShifts).map((shift) => shiftLine(shift, one.zone))}
          </ol>
        </section>`,
    )}`;
}

function shiftLine({ fromMs, people }: ToldShift, zone: string): Markup {
  return html`<li>${when(fromMs, zone)} <b>${people.length === 0 ? 'nobody' : people.join(' and ')}</b></li>`;
}

/** By the clocks of the zone, with UTC beside it. */
function when(timeMs: number, zone: string): Markup {
  return html`<time datetime="${new Date(timeMs).toISOString()}">${inZone(timeMs, zone)}</time>
    <span class="note">${utc(timeMs)}</span>`;
}

/** `Mon 2026-11-23 09:00`, by the clocks of the zone. */
function inZone(timeMs: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(timeMs);
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.find(({ type }) => type === name)?.value ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} ${zone}`;
}
