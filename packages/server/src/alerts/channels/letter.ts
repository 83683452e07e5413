import type { UrlSource } from '../rules/rules.ts';

/** A mail that is no alert: an invitation to a review or its cancellation, a reminder of an action item. */
export interface Letter {
  server: UrlSource;
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  /** For calendars; null where there is none. */
  invitation: { method: 'REQUEST' | 'CANCEL'; text: string } | null;
}
