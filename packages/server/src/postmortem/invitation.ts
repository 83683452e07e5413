/** The invitation to a review, and what takes it back, as calendars take them. */
import { ICalCalendarMethod, ICalEventStatus, default as ical } from 'ical-generator';

/** A review as its invitation tells it. */
export interface Invitation {
  incidentId: number;
  openedMs: number;
  title: string;
  startsMs: number;
  minutes: number;
  attendees: readonly string[];
  /** Who invites: whose mail it comes in; null for the first of the attendees. */
  organizer: string | null;
  sequence: number;
  changedMs: number;
  /** Where the postmortem is; null where nobody said where the server is reached. */
  link: string | null;
}

/** The invitation (RFC 5545, RFC 5546): a calendar that has an older one takes this in its place. */
export function invitationOf(told: Invitation): string {
  const { CONFIRMED } = ICalEventStatus;
  const { REQUEST, PUBLISH } = ICalCalendarMethod;
  return calendarOf(told, { method: told.attendees.length > 0 ? REQUEST : PUBLISH, status: CONFIRMED, rsvp: true });
}

/**
 * Takes an invitation back from those whom it names (RFC 5546, 3.2.5): of the same UID, with a higher sequence, with the
 * status CANCELLED where the whole review is dropped, and without any where it takes place without them.
 */
export function cancellationOf(told: Invitation, { isDropped }: { isDropped: boolean }): string {
  const { CANCELLED } = ICalEventStatus;
  return calendarOf(told, { method: ICalCalendarMethod.CANCEL, status: isDropped ? CANCELLED : null, rsvp: false });
}

function calendarOf(
  told: Invitation,
  { method, status, rsvp }: { method: ICalCalendarMethod; status: ICalEventStatus | null; rsvp: boolean },
): string {
  const { incidentId, openedMs, title, startsMs, minutes, attendees, organizer, sequence, changedMs, link } = told;
  const calendar = ical({ prodId: { company: 'Ebb', product: 'postmortem', language: 'EN' } });
  calendar.method(method);
  const event = calendar.createEvent({
    // Never of an address: whoever moves the server still speaks of the same event.
    id: `ebb-review-${incidentId}-${openedMs.toString(36)}@ebb`,
    start: new Date(startsMs),
    end: new Date(startsMs + minutes * 60_000),
    stamp: new Date(changedMs),
    sequence,
    summary: `Review: ${title}`,
    description: link === null ? `The postmortem of incident ${incidentId}` : `The postmortem: ${link}`,
    status,
  });
  if (link !== null) event.url(link);
  if (attendees.length > 0) event.organizer({ name: 'Ebb', email: organizer ?? attendees[0] ?? '' });
  for (const email of attendees) event.createAttendee({ email, rsvp });
  return calendar.toString();
}
