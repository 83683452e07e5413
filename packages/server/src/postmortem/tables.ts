/** What comes after an incident: the document, the meeting, and what is to be done. */
import type { Generated, Selectable } from 'kysely';
import type { ActionKind } from './action-kind.ts';

/** One version of a postmortem: written once, never changed. */
export interface PostmortemTable {
  incident_id: number;
  /** From 1. */
  version: number;
  created_ms: number;
  created_by: string;
  /** What is new in it, in a sentence. */
  why: string;
  /** JSON: see `PostmortemDocument`. */
  document: string;
}

/** When people meet over it. */
export interface ReviewTable {
  incident_id: number;
  starts_ms: number;
  minutes: number;
  /** JSON: e-mail addresses. */
  attendees: string;
  /** How often it was moved: calendars know the newest invitation by it. */
  sequence: number;
  /** JSON: who was taken off, by address: see `Uninvited`. */
  uninvited: string;
  /** Why it does not take place; null: it does. */
  dropped_why: string | null;
  changed_ms: number;
  changed_by: string;
}

/** Since which sequence somebody is not invited any more, and when the review was that they are invited to no more. */
export type Uninvited = Record<string, { sequence: number; startsMs: number; minutes: number }>;

/** Something that is to be done so that it does not come back. */
export interface ActionItemTable {
  id: Generated<number>;
  incident_id: number;
  kind: ActionKind;
  title: string;
  /** The leak that is to be caught; null where it has none. */
  fingerprint: string | null;
  /** Empty while nobody has it. */
  owner: string;
  due_ms: number;
  tracker_url: string | null;
  /** `dropped`: it is not done, and somebody said why. */
  state: 'open' | 'proved' | 'dropped';
  created_ms: number;
  created_by: string;
  ended_ms: number | null;
  ended_by: string | null;
  /** What proved it, or why it was dropped, in a sentence. */
  proof: string | null;
  /** When somebody was reminded last. */
  reminded_ms: number | null;
}

/** The tables of postmortems. */
export interface PostmortemSchema {
  postmortems: PostmortemTable;
  reviews: ReviewTable;
  action_items: ActionItemTable;
}

/** A review as it is read. */
export type ReviewRow = Selectable<ReviewTable>;
/** An action item as it is read. */
export type ActionItemRow = Selectable<ActionItemTable>;
