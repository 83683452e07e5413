/** What was found to hold a service's memory, as `ebb watch` confirms it by heap snapshots: the culprit, in the code. */

/** A place in source code; lines start at 1. */
export interface CodeLocation {
  /** The real path or URL of the script, mapped through its source map where there is one. */
  file: string;
  line: number;
  column: number;
  /** Relative to the repository; null where the file is not in it. */
  repoPath: string | null;
}

/** What keeps the memory: what to bound, clear or unregister. */
export interface Holder {
  /** Its class. */
  type: string;
  /** What the program calls it. */
  name: string;
  location: CodeLocation | null;
}

/** A look into a process: a heap snapshot, or a profile of its allocations. */
export interface Capture {
  kind: 'snapshot' | 'profile';
  takenMs: number;
  /** How long the process stood still for it; null where nobody says. */
  pauseMs: number | null;
}

/** What a finding says, whoever tells it. Bytes are of the process that it was found in. */
export interface FindingFacts {
  /** One leak, one fingerprint, on every run and machine. */
  fingerprint: string;
  /** Proven by snapshots to grow in step with the work; otherwise it is a suspect. */
  confirmed: boolean;
  /** `collection`, `listener`, `timer` and so on, as `ebb.findings/1` has them. */
  kind: string;
  /** One plain sentence. */
  title: string;
  /** The holder in a person's words: `sessions (Map)`. */
  subject: string;
  holder: Holder;
  /** The line that adds to it; null where it could not be found. */
  insertedAt: CodeLocation | null;
  /** The installed package whose code holds the memory, `name@version`. */
  package: string | null;
  /** The class of what piles up. */
  sampleType: string;
  retainedBytes: number | null;
  growthBytes: number | null;
  /** What one request adds. */
  bytesPerRequest: number | null;
  /** Routes that feed it. */
  routes: string[];
  /** What it rests on, the first one first; none where nobody says when they were taken. */
  captures: Capture[];
}

/** A finding that somebody tells, and in whom. */
export interface ToldFinding extends FindingFacts {
  version: string;
  revision: string | null;
  /** The process; empty where nobody says. */
  instance: string;
}

/** A finding as it is known: one for a service, version and fingerprint, with what was told of it last. */
export interface Finding extends ToldFinding {
  id: number;
  serviceId: number;
  firstSeenMs: number;
  lastSeenMs: number;
  /** In how many processes, one after the other; what one process tells again does not count. */
  times: number;
}
