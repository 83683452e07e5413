import type { Role } from './token.ts';

/** Who makes a request: by a token, or by a session that a user or a token's bearer has logged in to. */
export interface Caller {
  /** As the audit log names them. */
  name: string;
  role: Role;
  /** Milliseconds since the epoch; null: never. */
  expiresMs: number | null;
  /** The user of the session; null for who came with a token, or logged in with one. */
  userId: number | null;
  /** The session; null for who sent a token. */
  sessionId: number | null;
}
