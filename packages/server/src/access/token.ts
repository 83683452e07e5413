/** Tokens: what they look like, and what is kept of them. A token has 192 random bits, so a plain hash hides it. */
import { createHash, randomBytes } from 'node:crypto';

/**
 * What a token may do. `agent` sends telemetry and events, and reads nothing; `viewer` reads; `responder` also works on
 * incidents; `admin` does everything.
 */
export type Role = 'agent' | 'viewer' | 'responder' | 'admin';

/** All roles. */
export const roles: readonly Role[] = ['agent', 'viewer', 'responder', 'admin'];

const rank: Readonly<Record<Role, number>> = { agent: 0, viewer: 1, responder: 2, admin: 3 };

/** Whether a token of the role may do what `needed` is needed for. Telemetry is taken from agents and admins only. */
export function mayAct(role: Role, needed: Role): boolean {
  return needed === 'agent' ? role === 'agent' || role === 'admin' : rank[role] >= rank[needed];
}

/** A new token: `ebb_agent_…`, so that scanners of secrets and people know what it is. */
export function makeToken(role: Role): string {
  return `ebb_${role}_${randomBytes(24).toString('base64url')}`;
}

/** What is stored of a token: SHA-256, hexadecimal. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
