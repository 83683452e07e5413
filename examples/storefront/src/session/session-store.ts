import { newSession, newSessionId, type Session } from './session.ts';

/** What a session store needs to know. */
export interface SessionStoreOptions {
  /** How long a session lives without a request. */
  readonly idleMs: number;
  readonly now: () => number;
}

/** The visitors' sessions, in memory. Sessions that nobody has used for a while are swept. */
export class SessionStore {
  private readonly sessions = new Map<string, Session>();
  private readonly idleMs: number;
  private readonly now: () => number;
  private sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: SessionStoreOptions) {
    this.idleMs = options.idleMs;
    this.now = options.now;
  }

  /** How many entries the store holds. */
  get size(): number {
    return this.sessions.size;
  }

  /** Opens a session for a visitor who has none. */
  open(): Session {
    const session = newSession(this.now());
    this.sessions.set(session.id, session);
    return session;
  }

  /** The live session with this id; using it keeps it alive. */
  find(id: string): Session | undefined {
    const session = this.sessions.get(id);
    if (session?.id !== id) return undefined; // unknown, or an id from before the login
    if (this.isExpired(session)) {
      this.close(session);
      return undefined;
    }
    session.lastSeenAtMs = this.now();
    return session;
  }

  /**
   * Gives the session a fresh id, so that an id which somebody planted or overheard before the login
   * opens nothing after it (session fixation, OWASP ASVS 3.2.1).
   */
  rotate(session: Session): void {
    session.id = newSessionId();
    this.sessions.set(session.id, session);
  }

  /** Gives the session a fresh id, and forgets the one before. */
  replace(session: Session): void {
    this.sessions.delete(session.id);
    this.rotate(session);
  }

  /** Ends a session. */
  close(session: Session): void {
    this.sessions.delete(session.id);
  }

  /** Ends every session that has been idle for too long. */
  sweep(): void {
    for (const session of this.sessions.values()) {
      if (this.isExpired(session)) this.close(session);
    }
  }

  /** Sweeps every `intervalMs` until `stop()`; keeps no process alive. */
  start(intervalMs: number): void {
    this.sweepTimer = setInterval(() => {
      this.sweep();
    }, intervalMs).unref();
  }

  /** Ends the sweeping. */
  stop(): void {
    clearInterval(this.sweepTimer);
  }

  private isExpired(session: Session): boolean {
    return this.now() - session.lastSeenAtMs > this.idleMs;
  }
}
