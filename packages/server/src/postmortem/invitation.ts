/** The invitation to a review, as calendars take it. */
import { ICalCalendarMethod, ICalEventStatus, default as ical } from 'ical-generator';

/** A review as its invitation tells it. */
export interface Invitation {
  incidentId: number;
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
  const { incidentId, title, startsMs, minutes, attendees, organizer, sequence, changedMs, link } = told;
  const calendar = ical({ prodId: { company: 'Ebb', product: 'postmortem', language: 'EN' } });
  calendar.method(attendees.length > 0 ? ICalCalendarMethod.REQUEST : ICalCalendarMethod.PUBLISH);
  const event = calendar.createEvent({
    id: `ebb-review-${incidentId}@${link === null ? 'ebb' : new URL(link).hostname}`,
    start: new Date(startsMs),
    end: new Date(startsMs + minutes * 60_000),
    stamp: new Date(changedMs),
    sequence,
    summary: `Review: ${title}`,
    description: link === null ? `The postmortem of incident ${incidentId}` : `The postmortem: ${link}`,
    status: ICalEventStatus.CONFIRMED,
  });
  if (link !== null) event.url(link);
  if (attendees.length > 0) event.organizer({ name: 'Ebb', email: organizer ?? attendees[0] ?? '' });
  for (const email of attendees) event.createAttendee({ email, rsvp: true });
  return calendar.toString();
}
