/** What can happen in an incident. The list is the order in which the API's document names them. */
export const incidentEventKinds = [
  'opened',
  'raised',
  'calm',
  'back',
  'resolved',
  // Another cause than was thought before: memory, or not memory.
  'cause',
  // Something that was told beside memory began, and ended: an alert, garbage collection, the event loop, an end near the limit.
  'symptom',
  'symptom-over',
  // A process was looked into: a heap snapshot, a profile.
  'capture',
  // What holds the memory was found, in the code.
  'finding',
  // The service was changed, shortly before or meanwhile.
  'change',
  // What is known of a change's part in the growth.
  'guilty',
  'exonerated',
  // The commits that may have brought it, as the repository's history tells.
  'commit',
  // Whether what was done helped: when that will be known, and what is.
  'recovery-awaited',
  'recovered',
  'not-recovered',
  // Requests and clients that were slow or failed.
  'impact',
  // It was over, came back once too often, and counts as one that goes on.
  'reopened',
  // Somebody was told of it; could not be told; is not to be told.
  'notified',
  'not-notified',
  'silenced',
  // Memory began to grow; a version's first process got a verdict; nothing grows any more, and how that was measured.
  'growth',
  'verdict',
  'recovery',
  // What people say, think, and do.
  'note',
  'hypothesis',
  'role',
  // What comes after: the document, the meeting, and what is to be done.
  'postmortem',
  'review',
  'action-item',
  // People: paged, acknowledged, no longer acknowledged, gone on to the next step, given to somebody, joined by somebody;
  // and that nobody is left to be paged.
  'paged',
  'acknowledged',
  'acknowledgement-expired',
  'escalated',
  'reassigned',
  'responders-added',
  'nobody-reachable',
  // Something was ordered, begun, done in part, and over; it was to stop; Ebb acts no more by itself.
  'action-ordered',
  'action-started',
  'action-step',
  'action-done',
  'action-failed',
  'action-cancelled',
  'action-stopped',
  'automatic-stopped',
] as const;

/** The kind of an entry on the timeline. */
export type IncidentEventKind = (typeof incidentEventKinds)[number];
